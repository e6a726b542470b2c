# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#     cell_metadata_filter: tags,mystnb
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Is a face network's code linear in what makes a face?
#
# Describe a face by a list of numbers: where its points lie, and which colours are left once all faces have one shape. Sun, Dong and
# Hu report that the units of a face network are linear in such a list, both ways, that this linear model recognises and verifies faces
# about as well as state-of-the-art networks, or better, and that the *axis model* of face neurons does not fit the units ({cite}`sun2019`, abstract). Here the
# list is known exactly, so each of these can be asked of people whom no fit has seen, beside pixels and random weights.

# %% tags=["parameters"]
photographs: str = "none"         # none: rendered faces alone; celeba, or auto: also CelebA, where it is there
people: int = 120                 # people of the rendered world that every chapter probes
images_each: int = 12             # images of each of them
portrait_people: int = 300        # other rendered people, near the front and plainly lit
portrait_images: int = 4          # portraits of each of them
step_people: int = 12             # yet other people, whose parameters are moved one at a time
train_people: int = 200           # people whom the identity network learns: nobody of the above
train_images_each: int = 16       # images of each of them
side_px: int = 48                 # side of a rendered image, pixels
steps: int = 250                  # training steps of the identity network
seeds: int = 1                    # identity networks trained, each from its own initialisation
first_seed: int = 0               # the first of them
folds: int = 4                    # groups of people; each is predicted by fits to the others
kernel_centres: int = 150         # people or images that carry the Gaussian kernel of the non-linear maps
space_components: int = 50        # principal components of photographs, of each kind
resamples: int = 200              # bootstrap resamples of people behind every interval
device: str = "auto"              # cpu, cuda, or auto: a GPU where there is one


# %%
import deepfeatures as df

study = df.chapter("parameter-space", globals())

# %% [markdown]
# ## The space
# A rendered person is 59 numbers. Which of them are shape and which appearance follows one rule, that of active appearance models:
# *shape* moves points and contours, *appearance* is colour at points that stay.

# %%
study.frame(df.analysis.parameter_space_tables.parameters(), "The parameters of a rendered person. Pose, light and expression belong to an image: they are none.")

# %% mystnb={"figure": {"name": "space-halves", "caption": "Six rendered people; below, each one's appearance on the average shape, and each one's shape in the average appearance."}, "image": {"alt": "Three rows of six computer-made heads. In the second row all heads have one outline and differ in skin, hair and beard; in the third all have one colouring and differ in proportions."}}
sheet = df.analysis.parameter_space_rebuilt.halves(people=6, side_px=96, seed=3)
_ = df.figures.contact_sheet(sheet.images, sheet.titles, sheet.columns)

# %% [markdown]
# The numbers are drawn independently and evenly. A linear PCA of them therefore finds nothing to order: in a sample its components are
# longer or shorter by chance alone, between the Marchenko-Pastur edges, and no first 25 of them would hold more than 25 / 59 of the space.
# So no PCA is made here, and units are asked about the numbers themselves.

# %%
artifacts = {name: study.readouts(name) for name in study.recipes if name.count("/") == 2}
portraits = artifacts["portraits/trained/embedding"][0]
study.table(["people", "parameters", "longest component", "shortest", "edges of chance"],
            df.analysis.parameter_space_tables.spread(portraits),
            "Variance of the principal components of the portraits' parameters, over their mean.")

# %% [markdown]
# ## Two worlds, and how a unit is asked
# *Portraits* are what such studies show: near the front, plainly lit, what a person tends to wear is worn. The *rendered world* of the
# other chapters turns heads from profile to profile. A unit's response to a person is its mean over his images. Whatever pictures do to it
# is noise to a code of people, so there is a **noise ceiling**: how well one half of a person's pictures repeats the other half.
# Ridge regression predicts the units of people whom it has not seen; a Gaussian kernel of the parameters beside them stands for
# a code that is not linear.
#
# A rendered person *is* his 59 numbers. So whatever repeats of a response is a function of them, and what repeats and is not explained is
# either not linear or lost because the people taught are few. Two layers of *planted* units, whose rule is known, say how much is lost and
# whether the kernel would find a bend: rectified projections on one axis, and units that respond by distance to a stored face.
#
# Read the bars of the claims against these two. A bar that a planted unit misses although it follows the rule, or passes although it does
# not, cannot tell one code from another: compare a network with the planted units, with pixels and with random weights, in the same
# table, rather than with the dashed line. For encoding, the planted units stand in the last rows of the next table; for decoding and the
# axis, in the tables further down. So it is here: neither kind of planted unit reaches the bar of encoding or of decoding; the kernel hardly
# gains on rectified units, so that a small gain is no evidence of a linear code; and where the linear code explains little, one axis does
# too, which is by itself no evidence against the axis model. The changes at single faces are what tells the two planted kinds apart.

# %% mystnb={"figure": {"name": "space-encoding", "caption": "Share of the explainable variance of units that parameters explain, on people no fit has seen: linear, and with a Gaussian kernel of the parameters beside them; 95 % intervals over people. Dashed: what was taken beforehand for 'can be encoded'."}, "image": {"alt": "A panel for each world with a row for each network and layer. In nearly every row two dots, linear and with a kernel, close to each other and left of a dashed line at 75 percent; right of it are only the kernel's dot of planted exemplar units and, by construction, pixels of photographs."}}
encoded = {name: group for name, group in artifacts.items() if not name.startswith("axis/")}
table = df.analysis.parameter_space_tables.encoding(encoded, resamples=resamples, rng=study.rng())
_ = df.figures.encoding_shares(table, bar=0.75)

# %%
study.frame(df.analysis.parameter_space_tables.encoding_rows(table, "portraits"),
            "Portraits. Ceiling, explained, and explained by other people's parameters: shares of the variance between people; "
            "the last two, shares of the ceiling.")

# %%
study.frame(df.analysis.parameter_space_tables.encoding_rows(table, "rendered"), "The same in the rendered world, any view.")

# %% [markdown]
# Unit by unit: on the diagonal a unit is explained as far as it repeats.

# %% mystnb={"figure": {"name": "space-units", "caption": "Each unit's variance between people that the linear code explains, against its noise ceiling, portraits; at most 512 units of a layer. Dashed: as well as it repeats."}, "image": {"alt": "Three square scatter plots of explained share against ceiling; dots lie below a dashed diagonal, by how much differs between the trained network, the untrained one and pixels."}}
three = {"trained, embedding": "trained/embedding", "untrained, embedding": "untrained/embedding", "pixels": "pixels/pixels"}
tables = {label: df.analysis.parameter_space_tables.units(artifacts[f"portraits/{name}"]) for label, name in three.items()}
_ = df.figures.explained_by_unit(tables)

# %% [markdown]
# ## Back from units to the face
# One image's units, and a linear read-out of all 59 numbers. Correlations are over images of people no fit has seen.

# %%
study.table(["world", "network, layer", "decoded, linear", "with a kernel", "mean r, shape", "mean r, appearance"],
            df.analysis.parameter_space_tables.decoding(encoded, resamples=resamples, rng=study.rng()),
            "Share of the parameters' variance decoded from single images; and the mean correlation, by kind.")

# %% mystnb={"figure": {"name": "space-decoding", "caption": "Correlation of each parameter with what a linear read-out of one portrait's units says of it, people unseen. Ordered by the trained network."}, "image": {"alt": "Two panels, shape and appearance, with a row for each parameter and three markers in each row. In appearance, skin and hair are near one at the top; shape starts lower; both fall to zero. Much that the trained network does not give, such as the length of the face or the width of the shoulders, pixels do."}}
names = {f"portraits/{name}": label for label, name in three.items()}
_ = df.figures.decoded_by_parameter(df.analysis.parameter_space_tables.by_parameter(artifacts, names))

# %% [markdown]
# The decoded numbers are a face again: the renderer draws it. Beside it stand the face that the true numbers give, and the average face,
# which is what a read-out that knows nothing would draw.

# %% mystnb={"figure": {"name": "space-rebuilt", "caption": "Faces rebuilt from the units' response to the one image at the left, by read-outs that never saw the person. Five people drawn at random, of rendered portraits."}, "image": {"alt": "Five rows of six small computer-made heads: the image seen, the head that the true parameters give, three heads rebuilt from a trained network, an untrained one and pixels, and the same average head in every row."}}
shown = {label: artifacts[name][0] for name, label in names.items()}
sheet = df.analysis.parameter_space_rebuilt.rebuilt(
    study.opened("portraits")[0]["images"], shown, people=5, side_px=96, rng=study.rng())
_ = df.figures.contact_sheet(sheet.images, sheet.titles, sheet.columns)

# %%
study.table(["decoded from", "nearer to its own person than to another"],
            df.analysis.parameter_space_tables.nearer(shown, resamples=resamples, rng=study.rng()),
            "Share of other people whose true parameters are further from the decoded ones than the right person's; chance is 0.5.",
            digits=3)

# %% [markdown]
# ## What the linear code is worth
# Three codes of an image are compared by cosine: the network's own units, the decoded parameters, and the units that the linear model
# predicts from those. A fourth is a control: the network's own units after the spread within *training* people has been made round. It
# learns from the same people as the linear model, and no parameter. And a fifth: a linear map to 59 numbers keeps much of any code of people,
# whatever the numbers mean, so a read-out is taught everyone's parameters as *another* person's. Where that recognises as well, the
# space has no part in it. Only people of one fold, whom none of the fits has seen, are compared. The last row of each network names an
# image's person by the nearest of the units that the linear model predicts from true parameters.

# %%
shown_worlds = {name: group for name, group in encoded.items() if name.endswith(("/embedding", "/pixels"))}
study.table(["world", "network, layer", "code", "AUC", "rank-1", "people in a gallery"],
            df.analysis.parameter_space_tables.worth(shown_worlds, resamples=resamples, rng=study.rng()),
            "Verification (0.5 is chance) and recognition by code; intervals over people.", digits=3)

# %% [markdown]
# The claims compare codes in the rendered world and on photographs. On portraits the published network's decoded parameters verify and
# recognise better than its own units; so do its own units once made round, without any parameter.
#
# ## The axis model, claim by claim
# For Chang and Tsao's face neurons a response is the projection of the face on **one axis**, bent by one curve; and it is **flat
# orthogonally**: along any axis at a right angle nothing changes. Note what follows: a unit that is linear in the parameters *is* such a
# unit, with its coefficients for the axis. A linear code and a failing axis model can both be found only where the linear code leaves
# something over, or where the axis is not that of the regression but, as for neurons, the response-weighted mean.
#
# Each part is tested by itself. *One axis*: how much of the explainable does a curve along one axis explain, of people unseen? *Flat on
# average*: what does a curve along an axis at a right angle explain? *Flat at each face*: move one parameter at a time on people who are in
# no portrait, and split each unit's change into that along its axis and that at right angles. The planted units show what the
# tests say where the answer is known.

# %% mystnb={"figure": {"name": "space-axis", "caption": "The axis model by layer. Of the response between people: explained by a curve along one axis, over the noise ceiling. Of the change when single parameters are moved: the share along the unit's axis, with 95 % intervals over people moved, and along the one direction that fits other people's changes best (found on the other half of the people moved, so that it can come out below the axis). A unit that is flat orthogonally at every face has 100 % there."}, "image": {"alt": "A row for each network and layer and two for planted units, four markers a row. For planted axis units both shares of change are near 100 percent; for planted exemplar units and for every network they are far below."}}
axis = df.analysis.parameter_space_tables.axis(artifacts, resamples=resamples, rng=study.rng())
_ = df.figures.axis_shares(axis, chance=1 / len(portraits.summary["names"]))

# %%
study.frame(df.analysis.parameter_space_tables.axis_rows(axis),
            "The same as numbers: shares of the explainable (linear; a curve along the axis of regression, of weighted mean, along an axis at a "
            "right angle), and shares of squared change (one slope for all faces; along the best direction; along the unit's axis).")

# %% mystnb={"figure": {"name": "space-tuning", "caption": "Mean response by place on a unit's axis, and on a random axis at a right angle to it, portraits of people no fit has seen; bands are the spread between units."}, "image": {"alt": "Six panels; in each a rising line along the axis and a nearly flat line at a right angle to it, also for planted exemplar units, which are not flat at a single face."}}
asked = {"axis/planted axis/units": "planted: one axis", "axis/planted exemplar/units": "planted: exemplars"}
asked |= {f"axis/{name}": label for label, name in three.items()} | {"axis/trained/block4": "trained, block4"}
_ = df.figures.axis_tuning(df.analysis.parameter_space_tables.tuning(artifacts, asked))

# %% [markdown]
# Flat *means* over faces, as neurons are shown, are no strong evidence: bends that differ from face to face cancel in a mean, so the planted
# exemplar units look almost as flat there as any. The changes at single faces do not cancel.
#
# ## Photographs
# A space of photographs needs landmarks, for shape and to take shape out of appearance. None are at hand. Where a file
# `celeba/landmarks.csv` lies under the data root (image, x0, y0, x1, y1, ...: pixels of the aligned image, at least 20 points), shape and
# shape-free appearance are fitted to it; else appearance alone, by principal components of the aligned crops. **Partial**: those
# components mix shape, hair and background, they were fitted to the pixels, and that pixels are linear in them holds by construction.

# %%
spaces = [one for name in study.recipes if name.startswith("space/") for one in study.opened(name)]
study.table(["photographs", "landmarks", "what is partial"], [[one.meta["report"], one.meta["landmarks"], one.meta["partial"] or "nothing"]
            for one in spaces], "The space of photographs; empty where none are read.")

# %% [markdown]
# ## Verdicts

# %%
rendered, others = df.analysis.parameter_space.measure(artifacts, resamples=resamples, rng=study.rng())
portrayed, photographed = df.analysis.parameter_space_claims.of_published(artifacts, resamples=resamples, rng=study.rng())
rendered, others = rendered | portrayed, others | photographed
study.report_all("sun2019", rendered, seeds=df.analysis.seed_counts.seeds_of(rendered), tiers=dict.fromkeys(rendered, "rendered"))
study.report_all("sun2019", others, seeds=df.analysis.seed_counts.seeds_of(others))
for claim, name in {"encoding-learnt": "learnt-encoding", "decoding-learnt": "learnt-decoding", "axis-not-flat": "not-flat"}.items():
    study.number(name, rendered[claim].value if claim in rendered else float("nan"))
study.verdicts()

# %% [markdown]
# The controls decide what a linear code means here. Trained network less the better control: {glue:text}`learnt-encoding` of what repeats is
# explained by the linear code, and {glue:text}`learnt-decoding` of the parameters' variance is decoded. Where such a difference lies below
# zero with its whole interval (in the verdicts), training made the code *less* linear in these numbers, or harder to read: a linear code is
# then nothing that was learnt. The first is a difference of shares of two ceilings: pixels repeat less, so read the column *explained* too.
# Of the change at single faces {glue:text}`not-flat` lies at right angles to the units' axes. A network may drop what does not help to
# tell people apart, such as small differences in shape: it is then harder to decode than pixels, and may know people better. The tables of
# what is decoded and of what a code is worth have to be read together.

# %% [markdown]
# (space-differs)=
# ## What differs from the paper
# **P1** Only the abstract was at hand: faces, parameters, networks and measures are ours, and so are the bars, set before results at the
# paper's sizes were seen. **P2** Faces are rendered; their 59 parameters are exact and independent, where a fitted space has few components
# that are ordered by size. On such faces a linear code may hold by construction; pixels and random weights say how much of it does. **P3**
# The paper's networks are large and trained on photographs. Ours is small and trained on rendered people; a MobileFaceNet trained on
# photographs is read where photographs are, though rendered faces are strange to it. **P4** Layers wider than 512 are asked about 512 units
# drawn at random; wide layers are decoded from their first 256 principal components. **P5** What a person wears is tied to what he tends
# to: 0.999 in portraits, 0.8 to 0.9 in the rendered world, whose tendencies are thus never seen exactly. Single steps are taken at the
# middle of every portrait's range, axes are those of mean responses over it; the best one direction, found from steps alone, is not touched
# by that. **P6** Photographs lack landmarks, so their space is partial; its components were fitted to all photographs, without units or
# identities. **P7** Neurons of monkeys are not compared with. **P8** Of the
# identity network as many are trained as `seeds` says, and shares are averaged over them; what a code is worth in recognition, single units
# and rebuilt faces are of the first alone. Of random weights, and of each published network, there is one. Intervals are over people, not
# over networks.
#
# ## Try it
# `deepfeatures run parameter-space -p steps=1000`: does a network that knows people better have a more linear code?
# `deepfeatures run parameter-space -p portrait_images=12`: a higher ceiling, and is it reached? With a landmark file,
# `deepfeatures run parameter-space -p photographs=celeba` fits a shape-appearance space to photographs.

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
# # What does a face code remember of the photograph?
#
# Parde et al. ask two face networks three things ({cite}`parde2016`). Can the view of a face, and whether it came from a
# still or a video, be read from features made to ignore both? Do single *features* depend on view, or is it *people* who
# are coded differently from the side? And do bad pictures lie in the centre of the feature space? Below: what we find,
# beside pixels and random weights, and where the truth is known because the faces were made for the question.

# %% tags=["parameters"]
photographs: str = "none"             # none: rendered faces alone; celeba or auto: photographs beside them
people: int = 120                     # people of the rendered world that is probed
images_each: int = 12                 # images of each of them
train_people: int = 200               # other rendered people, whom the identity network learns
train_images_each: int = 16           # images of each of them
side_px: int = 48                     # side of a rendered image
steps: int = 250                      # training steps of the identity network, 128 images each
seeds: int = 1                        # identity networks trained, each from its own initialisation
first_seed: int = 0                   # the first of them
folds: int = 4                        # groups of people, each left out once
penalties: list[float] = [0.0001, 0.001, 0.01]  # values of C among which each linear machine chooses
designed_people: int = 60             # people of each of the two worlds made for one question
view_images: int = 6                  # pictures of each of them from the front, and from either side
map_images: int = 600                 # images drawn in the plane
permutations: int = 500               # permutations behind every test
pose_dimensions: list[int] = [16, 48]  # chapter pose's own, as are the next two: its read-outs are used here
kernel_centres: int = 300             # images that carry its Gaussian kernel
triplet_steps: int = 300              # training steps of its triplet embedding
resamples: int = 200                  # bootstrap resamples of people behind every interval
device: str = "auto"                  # cpu, cuda, or auto: a GPU where there is one


# %%
import deepfeatures as df

study = df.chapter("views-and-quality", globals())
readouts = {name: study.readouts(name) for name in study.recipes if name.startswith(("pose/", "labels/"))}
artifacts = {name: study.opened(name) for name in study.recipes if name not in readouts}

# %% [markdown]
# ## Yaw and pitch
# Ridge regression, every image predicted by a read-out that saw no image of its person; signed angles. What a network
# must beat is the constant: the training median, which sees no face. The share of variance explained is 0 for it. A network
# taught faces and their mirror images alike may hide the *sign* of yaw and keep its size: that little of signed yaw is read
# does not by itself say that the angle is lost. {doc}`pose` reads |yaw| from the same networks, and explains what mirroring hides. Of signed
# yaw, pixels tell more than any last layer in every world, and random weights more than the last layers of trained networks on photographs;
# a layer before the last tells more than the last.

# %%
poses = df.analysis.view_tables.under(readouts, "pose")
study.table(["world", "network", "layer", "images", "yaw", "constant", "share", "pitch", "constant", "share"],
            df.analysis.view_tables.angle_rows(poses, resamples=resamples, rng=study.rng()),
            "Mean absolute error, degrees, of a network and of the constant; share of the angle's variance explained.")

# %% [markdown]
# (still-or-frame)=
# ## Frontal or side, left or right, still or video
# Linear machines, weighted so that 50 % right is chance. In rendered faces and Pointing'04 frontal is within 30 degrees and
# turned beyond 60; in CelebA within 15 and beyond 30. A *video frame* is a still to which a camera was unkind: shaken, taken
# small and compressed, by the same program with the same ranges in both worlds ({doc}`/every-factor` lists them). In the rendered world other stills are
# blurred, small or compressed too, one at a time; in CelebA a quarter of the photographs are made into frames, no other copy
# of which is seen.

# %%
labels = df.analysis.view_tables.under(readouts, "labels")
classified = df.analysis.view_tables.classified(labels, resamples=resamples, rng=study.rng())
study.encoded(df.analysis.view_encoded.cells(classified), label="still-or-frame")
study.table(["world", "network", "layer", "turned, not frontal", "left, not right", "video frame, not still"],
            df.analysis.view_tables.label_rows(classified),
            "Told rightly, %, both kinds weighing alike: 50 is chance. Last: images of the rarer kind.")

# %% [markdown]
# ## Who is coded differently from the side?
# For each person and feature: the squared difference between the frontal and the turned mean, in variances of a single
# image, less what so few images make of it by accident. Call it *energy*: 0 where view changes nothing. One world was
# *designed* for this: everybody at the same yaws, intact pictures. Where photographs are read, there are two more: in
# *Pointing'04* ten people held the same poses; in *CelebA* turned means beyond 25 degrees to either side, and people differ in
# how far.

# %%
seen = df.analysis.view_worlds.seen(artifacts)
measured = df.analysis.view_measures.measure(seen, permutations=permutations, rng=study.rng())
study.table(["world", "network", "people", "images", "energy", "control", "people moved", "control", "features moved", "control",
             "features moved alike"], df.analysis.view_tables.moved(measured),
            "Control: every second frontal image plays the turned one. Moved: one permutation test for each person over all features, "
            "and for each feature over all people, whatever the direction, corrected for their number. Alike: features with a shift "
            "common to everybody, corrected by the largest of all.")

# %% [markdown]
# The tests of people and of features deal the same images anew and differ only in what they sum over. If view dependence belonged to
# a few features, few features would be moved; if to a few people, few people. At the paper profile most features are moved in every trained
# network, so nothing singles out a few (nor in our network before training: it is no sign of what was learnt). But the tests are not equally sharp: a feature is asked of everybody's images, a person of his
# own alone, so that nothing found of a person may mean that his images are too few. The two shares are not to be set off against each other: how far
# people and features *differ* is asked next. *Alike* is a test of its own, the sharper one for a shift that is common: where it finds more than
# *moved* does, as in random weights, the other has missed such shifts.

# %% [markdown]
# ## Head on: people or features?
# Energy varies over a table of people and features. If view dependence belongs to people, rows differ; if it belongs to
# features, columns do; if it belongs to neither, single cells do. So that noise counts for no side, energies of two halves
# of everybody's images are multiplied, and only what both show is kept.

# %% mystnb={"figure": {"name": "views-energies", "caption": "How strongly view moves each feature (columns) for each person (rows), in variances of a single image: 0 is black, the 98th percentile of a panel and beyond is brightest. One half of the images put people and features in order; the other half is drawn, so noise has no order. A gradient downwards means people, to the right features."}, "image": {"alt": "Heat maps of people by features, a panel for each network in the designed world. In most, bright cells lie scattered without order; in pixels and in the networks trained on photographs they gather at the left, in the features that the other half of the images put first, and a few single people make bright rows."}}
shown = [one for one in measured if one.of.world == "views"]
_ = df.figures.view_energies({one.of.network: one.halves[0] for one in shown})

# %% mystnb={"figure": {"name": "views-spread", "caption": "Tenths of the people (left) and of the features (right), in the order that one half of the images gave them; their mean energy in the other half, over the mean of all. Flat at 1: all alike, or nothing but noise. How steep a curve is says how far people, or features, differ; how much of the whole each share is, the table below says."}, "image": {"alt": "Two panels of curves over tenths, one a network. On the left, people, most curves stay near 1 and rise in the last tenth, while that of pixels rises throughout; on the right, features, those of pixels and of the networks trained on photographs start near zero and climb to several times the mean."}}
_ = df.figures.view_spread({one.of.network: df.analysis.view_components.in_order(one.halves) for one in shown})

# %%
study.table(["world", "network", "people", "features", "pairs", "people less features", "halves agree", "with the gap in yaw"],
            df.analysis.view_tables.head_on(measured),
            "Shares of the variance of energy; correlation over people of two halves of their images; rank correlation of a person's "
            "energy with how far apart his views are. Intervals leave each person out once.")

# %% [markdown]
# The paper's sentence says that the column *people less features* is above 0. Where pixels and random weights have the same
# sign as a network, that is a property of faces and images rather than of what was learnt. *Pairs* is what belongs to neither:
# if turning moves each person in a direction of his own, chance decides which features that direction meets, and pairs have
# the largest share even where people alone differ. So people and features are compared with each other, and not with it.
# *Halves agree* says whether a person's view dependence is the same in other images of him, which is what "consistently" asks.
# Shares are estimates from which noise was taken off, and may come out below 0 or above 100 %; a dash stands where energy varies no more than
# noise makes it.
#
# How much is there to depend on? A feature varies with the person, with the view alike for all, with the view in a way of
# the person's own, and with the single image. The claim on robustness is judged of CelebA, where turned begins at a moderate angle; in the
# designed world, where it means a profile, view, in common and in a way of the person's own, takes more of the published networks' variance than the person does.

# %% mystnb={"figure": {"name": "views-variances", "caption": "What the variance of a feature is made of, mean over features, without the noise of few images. View: a shift common to everybody; person x view: what turning does to one person beyond that."}, "image": {"alt": "Stacked horizontal bars, one a network, a panel for each world. What a single image adds is the largest part for pixels and random weights; the person is the largest part for trained networks on photographs and for the network trained on rendered people; view and person by view stay small nearly everywhere."}}
_ = df.figures.view_variances(df.analysis.view_tables.variances(measured))

# %% [markdown]
# ## The space in the plane
# Two pictures of the space of features: its two widest directions (PCA), and t-SNE, which keeps neighbours together and
# makes no promise about distances. Colour is the distance from the origin in the *full* space, and what is known of the image.

# %% mystnb={"figure": {"name": "views-map", "caption": "Faces as points, by PCA (left) and t-SNE (right), coloured by the distance from the origin and by what is known of the image: the number of defects, or the side of a photographed face."}, "image": {"alt": "Scatter plots of the same images, PCA and t-SNE side by side; where dots are near the origin of the full space they are dark, mostly in the middle of the PCA."}}
qualities = df.analysis.quality_worlds.pictures(artifacts, df.analysis.quality_worlds.face_sizes(study.source.folder))
maps = df.analysis.quality_maps.maps(artifacts, qualities)
_ = df.figures.space_maps(df.analysis.quality_maps.titled(maps))

# %%
study.table(["world", "network", "variance in two directions", "neighbours of one person: full space", "t-SNE", "by accident"],
            df.analysis.quality_maps.kept(artifacts, qualities),
            "What the maps keep: share of variance in the PCA; share of nearest neighbours that show the same person.")

# %% [markdown]
# ## Quality against distance
# Faces to look at first: rendered ones in order of the distance of their features from the origin, nearest first.

# %% mystnb={"figure": {"name": "views-along", "caption": "Rendered faces, evenly spaced in the order of their distance from the origin of the trained network's space, nearest first; the distance is below each."}, "image": {"alt": "Ten computer-made heads in a row in the order of their distance. Those nearest the origin are blurred, covered, coarse or in profile; towards the other end the heads become sharper; one of them is in profile."}}
viewer = df.analysis.quality_maps.along(artifacts, qualities, count=10)
_ = df.figures.contact_sheet(viewer.images, [f"{far:.1f}" for far in viewer.distance], columns=10)

# %% [markdown]
# (along-the-distance)=
# ### Along the distance
# More of them, for every network. Look at pixels and random weights too: bad pictures may be near their origins as well.

# %%
show = df.figures.explorer
show.explorer(
    "distance-explorer", df.analysis.quality_explorer.grid(artifacts, qualities, count=16),
    [show.Choice("network", start="trained"), show.Choice("place", "place by distance, the nearest first", slider=True)],
    [show.Number("distance", "distance from the origin", digits=2), show.Number("nearer", "of all images nearer, %", digits=0, most=100),
     show.Text("known", "known defects"), show.Number("yaw", "|yaw|, degrees", digits=0)],
    above=[show.Picture("picture", "the picture", "A rendered face", 150, 150)],
    caption=f"Rendered faces, evenly spaced in the order of their distance from the origin of a network's space, of {len(artifacts['faces/rendered'][0]['images']):,}. "
            "Distances of two networks are not on one scale; the share of images that lie nearer is.",
    twin="In print, the row of faces above shows ten of the trained network's, and the figure of defects by distance below says the same over all images.")

# %% [markdown]
# Distance is measured from the origin, from the mean, and, after length normalisation, where every vector is equally long,
# from the mean of the unit vectors. In the rows larger is worse, except the margin: what an image is worth in recognition (cosine to the
# person's other images less cosine to others'). If the paper is right, all but the margin lie left of 0. The network trained here ends
# in a batch normalisation, so its origin and its mean lie close together.

# %% mystnb={"figure": {"name": "views-correlations", "caption": "Rank correlation of the distance with what is known of an image; 95 % intervals over people. Small face: in the original photograph."}, "image": {"alt": "Dot plots, a column for each distance and a row of panels for each world, a line in the middle at zero. On photographs distance falls with yaw and with defects and rises strongly with the margin of verification in the trained networks; in rendered faces one of the networks has the opposite sign of the others."}}
ranks = df.analysis.quality_tables.correlations(qualities, resamples=resamples, rng=study.rng())
_ = df.figures.quality_correlations(ranks)

# %% tags=["hide-output"]
headings, rows = df.analysis.quality_tables.correlation_rows(ranks)
study.table(headings, rows, "The dots as numbers: Spearman's rank correlation of each distance with what is known of an image; intervals over people.")

# %% mystnb={"figure": {"name": "views-defects", "caption": "Mean number of known defects by distance, from the nearest tenth of the images to the farthest. Quality that rises monotonically would be a line that falls all the way."}, "image": {"alt": "Panels by world and kind of distance. From the origin nearly all networks' lines fall from left to right, from the mean on photographs too; in rendered faces one rises from the origin, and from the mean only two fall steadily; with unit length the order of the networks changes and some lines rise; pixels stay level."}}
_ = df.figures.defects_along(df.analysis.quality_tables.along(qualities, parts=10, resamples=resamples, rng=study.rng()))

# %%
centre = df.analysis.quality_tables.centre(qualities, ["origin", "unit"], resamples=resamples, rng=study.rng())
study.table(["world", "network", "distance", "nearest 5 %", "farthest 5 %", "all", "area under the curve"], centre,
            "Share of images with a known defect; how well nearness tells an image with a defect from one without (0.5 is chance).")

# %%
area = {tuple(row[:3]): row[-1].value for row in centre}
study.number("near-trained", area["rendered", "trained", "origin"])
study.number("near-untrained", area["rendered", "untrained", "origin"])
study.number("near-unit", area["rendered", "trained", "unit"])

# %% [markdown]
# In the rendered world nearness to the origin finds images with a defect with an area of {glue:text}`near-trained` in the trained network,
# of {glue:text}`near-untrained` with random weights, and of {glue:text}`near-unit` in the trained network once all vectors are equally long. A
# blurred picture has less contrast, and less contrast in often means shorter vectors out, of random weights too; not of every network: one
# published network's vectors grow longer on spoilt rendered faces. Where random weights do as well as trained ones, such an area is no sign of
# what a network has learnt of faces. Other rows are such a sign: on photographs, covering or turning a face brings the trained networks'
# vectors nearer to the origin, and those of random weights hardly or not at all; and the margin rises with the distance far more than in the controls.

# %% [markdown]
# ## Is it the defect?
# Images with defects may differ in other ways. So here is the same picture, intact and made worse in one way, nothing else
# changed. Below 0: the defect brings it nearer to the centre.

# %% mystnb={"figure": {"name": "views-changes", "caption": "Change of the distance when one thing about a rendered picture is made worse, by strength, in standard deviations of intact pictures' distances; 95 % intervals over people."}, "image": {"alt": "A grid of small panels, a column a defect and a row a kind of distance. In most the lines fall below zero as a picture is made worse, so it moves inwards, the trained network most for covering; one network moves outwards from the origin, and with unit length several lines stay at zero or rise."}}
changes = df.analysis.quality_copies.rendered(artifacts, resamples=resamples, rng=study.rng())
_ = df.figures.defect_changes(changes)

# %%
study.table(["network", "distance", "video frame", "blurred", "low resolution", "occluded"],
            df.analysis.quality_copies.photographs(artifacts, resamples=resamples, rng=study.rng()),
            "The same of CelebA's photographs, where they are read, in standard deviations; amounts are drawn.")

# %% [markdown]
# ## Verdicts
# Where photographs are read, every claim is judged of CelebA and of two published networks, the worse of the two claim by claim: neighbouring
# rows may be of different networks. Halves and permutations are dealt anew, so that values may differ a little from the tables'. Rendered
# faces and Pointing'04 enter no verdict then.

# %%
found = df.analysis.view_claims.measure(readouts, seen, qualities, permutations=permutations, resamples=resamples, rng=study.rng())
study.report_all("parde2016", found, seeds=df.analysis.seed_counts.seeds_of(found))
said = df.analysis.view_claims.said_by_rudd(seen, rng=study.rng())
study.report_all("rudd2017", said, seeds=df.analysis.seed_counts.seeds_of(said))
study.verdicts()

# %% [markdown]
# (views-differ)=
# ## What differs from the paper
# **V1** The paper's two networks and its more than 24,000 images (of IJB-A, as Rudd et al. say) are not at hand, and of its text only the
# abstract is: claims are judged by their statement. Two published MobileFaceNets stand for its networks where photographs are read, else the identity network trained here; their training
# sets may hold CelebA's people. **V2** CelebA stands for the paper's photographs. Its celebrities seldom turn far: *turned* is beyond 30 degrees
# where it is told and beyond 25 where view dependence is measured; pose is estimated. Pointing'04 and the designed world have true profiles.
# **V3** Video frames are made from stills by a program; real ones also differ in who is filmed, how and when. **V4** Ridge regression and squared
# hinge out of fold, C and penalty chosen on people held out, stand for linear classifiers the abstract does not name. **V5** The measure of view
# dependence is ours: the abstract names none. It looks at the size of a shift, in variances of a single image, and not at whether each shift is
# significant; counts of significant shifts depend on how many images a person has: that nothing is found of a person may mean that the test is weak.
# Permutations take the images of a person as exchangeable between views. In the designed world they are. Photographs of one event are not: they share
# light, hair and camera, and where they share the view too, part of what is counted as view is the event. **V6** Quality is what is known of an image, not an impression of
# it; CelebA's photographs lack bad ones, so half of them are spoilt. **V7** t-SNE draws some of the images; nothing is measured in it but
# neighbours. **V8** No photograph is shown; the viewer has rendered faces only.
#
# ## Try it
# `deepfeatures run views-and-quality -p photographs=auto`: are people who were photographed coded as people who were rendered are?
# `deepfeatures run views-and-quality -p steps=1500 -p train_people=600`: does a network that knows people better keep less of the camera?
# `deepfeatures run views-and-quality -p view_images=20`: how many people are coded alike from all sides when more images are asked?

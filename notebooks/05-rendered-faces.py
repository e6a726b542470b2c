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
# # A world of faces in which everything is known
#
# Whether a representation keeps an attribute or a pose is hard to say where nobody knows the attribute or the pose
# exactly. So the chapters on faces have a world of their own: rendered heads, made by a program from a list of numbers.
# Each number is known for each image, each can be changed alone, and any two can be tied to each other. This page shows
# that world, and asks whether it is hard enough to mean anything.

# %% tags=["parameters"]
photographs: str = "none"      # faces beside the rendered ones: none, auto or celeba; this page shows rendered ones only
people: int = 120              # people in the world that is probed
images_each: int = 12          # images of each of them
train_people: int = 200        # people in the world that the identity network learns; none of them is probed
train_images_each: int = 16    # images of each of them
side_px: int = 48              # side of an image, pixels
steps: int = 250               # solver steps of 128 images
seeds: int = 1                 # identity networks trained
first_seed: int = 0            # the first of them
folds: int = 4                 # groups of people; each is read by what the others taught
kernel_centres: int = 300      # training images that the non-linear reading compares with
resamples: int = 200           # bootstrap resamples behind every interval
device: str = "auto"           # cpu, cuda, or auto: a GPU where there is one


# %%
import deepfeatures as df

study = df.chapter("rendered-faces", globals())

# %% [markdown]
# ## People
# Two images of each of eighteen people. Bones, skin and eyes belong to the person; so do tendencies of hair and beard, from
# which an image may stray. Pose, light, expression, what is worn, what stands in the way, the background and what a
# camera does to the image belong to the image alone.

# %% mystnb={"figure": {"name": "faces-sheet", "caption": "Eighteen people of the rendered world, two images each, side by side. No photograph of anyone was used to make them."}, "image": {"alt": "Thirty-six small pictures of computer-made heads on coloured backgrounds; views range from profile to profile, some wear glasses, hats or beards, some are blurred or covered by a square."}}
world = df.data.SynthFaces(seed=0, identities=18, images_per_identity=2, side_px=96)
_ = df.figures.contact_sheet(world.render(), columns=12)

# %% [markdown]
# ## One number at a time
# The same image, with one factor changed and everything else as it was; {doc}`/every-factor` has every one of them. Positive yaw turns the nose to the viewer's
# right, positive pitch looks up, positive roll is clockwise; every chapter keeps to these signs.

# %% mystnb={"figure": {"name": "faces-sweep-image", "caption": "Factors of an image, each varied alone: pose, light and expression. This head's moustache hides what a smile changes."}, "image": {"alt": "Rows of the same head: turning from one profile to the other, looking down to up, tilting, lit from the left to the right; in the row of the smile nothing can be seen to change under the moustache; the mouth opens in the last two or three pictures."}}
usual = {"seed": 2, "identities": 8, "images_per_identity": 1, "side_px": 96,
         "ranges": {"yaw_deg": (-20.0, 20.0), "pitch_deg": (-5.0, 5.0)},
         "chances": dict.fromkeys(("glasses", "sunglasses", "hat", "blurred", "low_resolution", "video"), 0.0)}
one = df.data.SynthFaces(**usual)
rows = {"yaw_deg": (-90, -60, -30, 0, 30, 60, 90), "pitch_deg": (-30, -20, -10, 0, 10, 20, 30),
        "roll_deg": (-30, -20, -10, 0, 10, 20, 30), "light_yaw_deg": (-75, -50, -25, 0, 25, 50, 75),
        "smile": (0, 0.2, 0.35, 0.5, 0.65, 0.8, 1), "mouth_open": (0, 0.2, 0.35, 0.5, 0.65, 0.8, 1)}
swept = {name: one.vary(4, name, values) for name, values in rows.items()}
_ = df.figures.factor_sweep({name: (rows[name], sweep.images) for name, sweep in swept.items()})

# %% mystnb={"figure": {"name": "faces-sweep-person", "caption": "Factors of a person, each varied alone from the lowest to the highest value."}, "image": {"alt": "Rows of one head, turned a little: the face grows wider, the jaw broader, the nose wider, the eyes further apart, the lips fuller, the skin paler, hair recedes."}}
values = (-1, -0.67, -0.33, 0, 0.33, 0.67, 1)
persons = ("face_width", "jaw_width", "nose_width", "eye_spacing", "lower_lip", "skin_tone", "hairline")
_ = df.figures.factor_sweep({name: (values, one.vary(6, name, values).images) for name in persons})

# %% [markdown]
# ## Attributes by CelebA's names
# Most of CelebA's forty attributes follow from the factors by a rule, so they are exact here. Those that do not are
# listed with the reason.

# %%
[faces] = study.opened("faces")
table, names = df.data.synthfaces.attribute_table(), list(df.data.attributes.NAMES)
share = dict(zip(names, 100 * faces["attributes"].mean(axis=0), strict=True))
study.table(["attribute", "images that have it", "belongs to", "rule, or why there is none"],
            [[row.attribute, f"{share[row.attribute]:.0f} %" if row.modelled else "–", row.belongs, row.how]
             for row in table.itertuples()], "CelebA's attributes in the world that is probed.")

# %% [markdown]
# ## Is it hard enough?
# If pixels alone told people apart, a network that does so would prove nothing. So here is verification, whether two
# images show one person, from pixels, from an untrained network, and from a network trained on *other* people of this
# world. An area under the curve of 0.5 is chance. The bars set beforehand: at most 0.75 for pixels, at least 0.95 for the
# trained network's embedding.

# %%
[pixels], [untrained] = (study.opened(f"features/{name}") for name in ("pixels", "untrained"))
trained = study.opened("features/trained")[0]
layers = {"pixels": pixels["pixels"], "untrained, embedding": untrained["embedding"],
          "trained, block4": trained["block4"], "trained, embedding": trained["embedding"]}
verified = df.analysis.verification_by_view.by_view(
    layers, faces["identity"], faces["pose"][:, 0], resamples=resamples, rng=study.rng())
study.frame(verified, "Area under the curve by the difference in yaw between the two images; intervals over people.", digits=3)

# %%
reached = verified[(verified["views"] == "any view") & (verified["network"] == "trained, embedding")]
study.number("reached", reached["auc"].item(), 3)
study.table(["trained on", "steps", "loss at first", "loss at last"],
            [[f"{made.meta['people']} people", made.meta["steps"], float(made["losses"][:20].mean()),
              float(made["losses"][-20:].mean())] for made in study.opened("network")],
            "The identity network; losses are means of twenty steps.")

# %% [markdown]
# The trained network reaches {glue:text}`reached`. Where that is below the bar of 0.95, what the next chapters say of this
# network is said of one that knows people less well than it should.

# %% [markdown]
# (walk-a-face)=
# ## Walk a face
# The first two people of the world that is probed, not picked, turned, lit from the side and given glasses. Each picture is compared with a frontal reference of
# everybody: same hair, other background and clothes. Does a network find its own person nearest, and what do pixels do as the head turns? Two people
# prove nothing, and hair that stays makes it easier than above; the table there is over everybody.

# %%
[walk] = study.opened("walk")
show, cosine = df.figures.explorer, {"digits": 2, "least": -1, "most": 1}
show.explorer(
    "walk-explorer", df.analysis.walk_explorer.grid(walk),
    [show.Choice("person"), show.Choice("yaw", "yaw, degrees", slider=True, start="0°"),
     show.Choice("light", "light from, degrees", slider=True, start="0°"), show.Choice("glasses"),
     show.Choice("features", rows=True)],
    [show.Number("own", "cosine to the own reference", mark="other", **cosine),
     show.Number("other", "to the nearest other person's", **cosine),
     show.Number("place", f"place of the own among {walk.meta['gallery']}", digits=0)],
    above=[show.Picture("picture", "the picture", "A rendered face", 150, 150), show.Picture("reference", "its reference", "The person's frontal reference; the picture is", 150, 150)],
    caption=f"One rendered picture against the frontal references of {walk.meta['gallery']} people, by features; cosines on a scale from −1 to 1. Positive yaw: the nose to the right; positive "
            f"light: from the right. Dashed: the nearest other person; a point to its right finds its own. By accident the own one has place {(walk.meta['gallery'] + 1) / 2:.0f} on average.",
    twin="In print, the table of areas under the curve says the same over all people, and the sweeps above show the factors.")

# %% [markdown]
# (what-can-be-read)=
# ## What can be read from a network's layers
# The world knows every cause of an image, so one question can be asked of all of them, in one unit: which share of its
# variance, among people never seen, can be read from a layer? Three readers ask: the best single unit, a linear one
# (ridge), and a Gaussian kernel. Unit and penalty are chosen on other people than those that are read. A layer keeps what
# pixels and random weights held already, so they stand beside it; and the background is there to show what a network
# keeps although nobody needs it.
# Maps of block2 and block3 are averaged over positions, those of block4 are not: the step between them is not depth alone.
# Where pixels hold nothing of a subject either, as of expression here, a network's silence says nothing of what it forgets. That people are
# told apart does not mean that their bones can be read: colours of skin and hair go a long way.

# %% mystnb={"figure": {"name": "faces-factors", "caption": "Share of the variance of what makes an image that is read out of fold from each layer, mean over a subject's factors; lines are 95 % intervals over people. At 0 nothing is known."}, "image": {"alt": "Eight panels, one a subject, lines over the layers. Pose, light and occlusion are read best from the last block and fall steeply at the embedding; background falls from layer to layer, quality too; identity and attributes stay low, expression at nothing. Random weights keep pose, light, occlusion, quality and background better at the embedding than the trained network does."}}
readouts = {name.removeprefix("factors/"): study.readouts(name) for name in study.recipes if name.startswith("factors/")}
shares = df.analysis.factors.table(readouts, resamples=resamples, rng=study.rng())
_ = df.figures.factors_by_layer(shares)

# %%
last = shares[shares["layer"].isin(["pixels", "embedding"])]
study.encoded(df.analysis.factors.encoded(shares), label="what-can-be-read")
study.frame(last.drop(columns="layer"), "The embedding and the pixels as numbers: share of variance, interval over people.")

# %% [markdown]
# ## Verdicts
# The papers claim nothing of this world, so the table is empty.

# %%
study.verdicts()

# %% [markdown]
# ## What is modelled, and what is not
# Heads are ellipsoids with painted skin under one light and a sky; there are no cast shadows, no strands of
# hair, no age and no sex. A rule that holds here holds for images whose causes are these and no others: so what a page
# measures on rendered faces tests an instrument, and never judges a claim about people.
#
# ## Try it
# `deepfeatures run rendered-faces -p side_px=64 -p people=60`; or, in Python,
# `df.data.SynthFaces(correlations={("Smiling", "yaw_deg"): 0.5}).truth()`: a world in which those who smile look right.

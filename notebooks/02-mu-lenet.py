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
# # Can a network be taught its own class means?
#
# If `ip1` still knows the angle, one may try to forbid it: μ-LeNet is trained so that `ip1` of *every* image of a digit
# equals the mean `ip1` of that digit in the first network ({cite}`rudd2017`, section 4.2.1). The paper reports 97.18 % by
# cosine to the class means, up from 89.90 %, an angle that is read very slightly less well, and a training that takes
# significantly longer.

# %% tags=["parameters"]
dataset: str = "auto"             # mnist, digits, or auto: mnist where it can be had
train_digits: int = 4_000         # digits to train on, before rotation; 0 takes all
test_digits: int = 1_000          # digits to test on, before rotation; 0 takes all
validation_digits: int = 500      # digits held out while the number of iterations is chosen
interpolation: str = "bilinear"   # how pixels are found when a digit is turned: bilinear or nearest
seeds: int = 1                    # networks trained, each from its own initialisation
first_seed: int = 0               # the first of them
iterations_cap: int = 500         # the most solver steps of 64 images; how long the validation run goes on
evaluate_every: int = 100         # solver steps between two looks at the validation digits
patience: int = 200               # solver steps without gain that count as converged
tolerance_pp: float = 0.2         # percentage points that count as a gain
normalise: str = "global"         # min-max of the targets: global, or per-feature
learning_rates: list[float] = [0.01]  # of the short runs that compare two initial scales
variants: list[str] = []          # full runs: other-normalisation, three-times-longer
sensitivity_iterations: int = 200 # solver steps of the short runs that ask what a setting does
prototypes: int = 7               # k-means prototypes of a class, in the control for per-angle means
heat_digits: int = 10             # test digits of a class in the heat maps
resamples: int = 500              # bootstrap resamples behind every interval
device: str = "auto"              # cpu, cuda, or auto: a GPU where there is one


# %%
import deepfeatures as df

study = df.chapter("mu-lenet", globals())

# %% [markdown]
# ## What is regressed, and on what scale
# The targets are the first network's class means, min-max normalised to 0..1. The paper does not name the axis: here one
# minimum and one maximum for the whole feature space (*global*), or one for each unit (*per-feature*); the page uses the
# one named in its parameters and compares the other (D3). `ip1` keeps its ReLU.
#
# Where should the new network begin? Caffe's filler makes outputs tens of times as large as the targets. Either the initial
# `ip1` weights are divided by the same span as the targets (*normalised*), or they are left as they are (*caffe*). Both
# were run for the same short time on the validation split, at several learning rates; the rest of the page
# begins normalised, at Caffe's learning rate.

# %%
readouts, selections = study.every_readout(), study.every_selection()
settings = [recipe.params for recipe in study.recipes["starts/selection"]]
starts = df.analysis.training_curves.starts(study.selections("starts"), settings, resamples=resamples, rng=study.rng())
study.frame(starts, "Where mu-LeNet begins: held-out accuracy by class means after the short run, %.")

# %% [markdown]
# Unscaled targets have a span of one: for them both starts are Caffe's. Beside the rows *caffe* of the table above, which differ
# in nothing but the scale of the targets, stand these:

# %%
settings = [{"start": "caffe", **recipe.params} for recipe in study.recipes["unscaled starts/selection"]]
unscaled = df.analysis.training_curves.starts(study.selections("unscaled starts"), settings, resamples=resamples, rng=study.rng())
study.frame(unscaled, "The same with targets as they are, not scaled.")

# %% [markdown]
# ## When training stops
# Both networks are stopped by the same rule: at the first look that no later one within the patience betters by the tolerance.
# At the `paper` profile the cap cut μ-LeNet's run off before the rule had seen enough of it. So a second run of μ-LeNet, the
# same until then, goes on to three times the cap (*mu, longer*): it decides how much longer μ-LeNet takes, and is the one
# drawn. LeNet's run is stopped by the rule, as it would be under any cap. The networks measured on this page are trained for
# as long as the first run says; what longer training adds stands under *Recognition*.

# %% mystnb={"figure": {"name": "mu-iterations", "caption": "Accuracy on held-out digits against solver steps, for LeNet and μ-LeNet; rings mark where each stops by the same rule."}, "image": {"alt": "Three rising curves against solver steps: softmax accuracy of LeNet on top, accuracy by class means of LeNet lowest and flat; accuracy by class means of mu-LeNet in the middle, drawn three times as far as the others, creeps up to its end, long after the ring that marks where it stops."}}
longest = {**selections, "mu": selections.get("mu, longer", selections["mu"])}
runs = {"lenet": longest["raw"], "mu-lenet": longest["mu"]}
curve = df.analysis.training_curves.accuracy_against_iterations(runs, resamples=resamples, rng=study.rng())
_ = df.figures.accuracy_against_iterations(curve, chosen={name: run.curve["chosen"] for name, run in runs.items()})

# %%
stops = {name: run.curve for name, run in selections.items() if name not in ("starts", "unscaled starts")}
study.table(["run on the validation split", "stops at step", "by the cap", "diverged"],
            [[name, *(["–", "–"] if curve["diverged"] else [curve["chosen"], curve["capped"]]), curve["diverged"] or "no"]
             for name, curve in stops.items()],
            "When training stops, and what happens without normalised targets.")

# %% [markdown]
# The longer run was added after the shorter one had ended by the cap, and it took a finding away. With the cap taken for a
# lower bound, the ratio of the two lengths had passed the bar of the claim; at the `paper` profile the rule, given enough to look at,
# stops μ-LeNet *before* that cap, and the ratio falls short, with an interval that holds the bar and one as well. But a rule that
# looks for gains within a patience does not see slow ones: μ-LeNet's curve creeps up to the end of the longer run, and
# LeNet's softmax gains from longer training too ({doc}`rotated-mnist`). How much longer μ-LeNet takes depends on what is called converged.
#
# The row *mu, unscaled* is what the claim on normalising compares with. It begins at Caffe's weights and μ-LeNet at smaller ones,
# so that row alone does not say which of the two is needed, small targets or a small start; the two tables of starts do. At
# the `paper` profile neither kind of target survives Caffe's start at Caffe's rate. At a tenth of that rate unscaled targets train as well, in the same
# short time, as scaled ones do at the full rate from the smaller start. So the verdict below holds at Caffe's rate alone: without
# scaling, training does converge, if the rate is lowered.

# %% [markdown]
# ## Recognition
# The plain LeNet is scored after the same normalisations too, so that μ-LeNet is not credited with what scaling does
# to a cosine.

# %%
found = df.analysis.mu_lenet.measure(
    readouts, longest, resamples=resamples, rng=study.rng(),
    normalise=normalise, patience=patience, tolerance_pp=tolerance_pp)
scaled = df.analysis.tables.normalised_scores(readouts["raw"], resamples=resamples, rng=study.rng())
rows = [[f"LeNet, features scaled: {name}", score] for name, score in scaled.items()]
study.table(["cosine to class means", "% of test images"], [*rows, ["μ-LeNet", found["mav-mu"]]],
            "Class means: what the objective adds, and what scaling adds.")

# %%
study.number("mu", found["mav-mu"].value)
study.number("gain", found["mu-better-than-raw"].value)

# %% [markdown]
# And the other scale of the targets: after the same short training on the validation split, and trained in full (first
# seed; only the `paper` profile does that). Compare both with the paper's 97.18 %: which scale it used, it does not say.

# %%
kinds = {f"mu-lenet/{name}": selections[f"short, {name}"] for name in ("global", "per-feature")}
short = df.analysis.training_curves.accuracy_against_iterations(kinds, resamples=resamples, rng=study.rng())
study.frame(short[short["iteration"] == short["iteration"].max()], "Held-out accuracy by the scale of the targets.")

# %%
full = {name: group for name, group in readouts.items() if name.startswith("mu")}
alone = {"mu, first seed": readouts["mu"][:1]} if seeds > 1 else {}
full = {"mu": full.pop("mu"), **alone, **full}
study.frame(df.analysis.tables.accuracies(full, resamples=resamples, rng=study.rng()),
            "Trained in full with targets scaled as above (mu), in the other way, and for three times the cap; % of test images.")

# %%
explained = df.analysis.mu_lenet.target_explained  # not for the other scale, which has other targets
fitted = {name: explained(group[0], readouts["raw"][0], normalise) for name, group in full.items()
          if name == "mu" or name.endswith("steps")}
study.table(["network, first seed", "share of the targets' variance explained"], [list(row) for row in fitted.items()],
            "How well the trained network gives its targets back on training images, shorter and longer trained.", digits=3)

# %% [markdown]
# The claim that μ-LeNet has converged is judged by this share, on networks that the cap ended; longer training brings it nearer
# to its bar, at the `paper` profile still below.

# %% [markdown]
# The start of μ-LeNet was first found in trials that were scored on the leading 2,000 test digits; the table of starts
# above came afterwards and uses held-out training digits only. So here is the score on the digits that no trial saw.

# %%
study.frame(df.analysis.why.on_digits_not_looked_at({"mu": readouts["mu"]}, resamples=resamples, rng=study.rng()),
            "Accuracy by class means on all test digits, on those that trials were scored on, and on the rest.")

# %% [markdown]
# μ-LeNet reaches {glue:text}`mu` % where the paper has 97.18 %, {glue:text}`gain` percentage points more than the best
# scaling of the plain LeNet.
#
# ## What is left of the angle
# The same regressors as before, one a label, each asked about images of its own label, as in the paper. The grey lines are pixels and an untrained
# network. At the paper profile μ-LeNet's angle can be read about as well as the untrained network's: the loss is as large as what LeNet's training
# had added. That it is the same information is not shown.

# %% mystnb={"figure": {"name": "angle-mu", "caption": "Angle read from ip1: mean and standard deviation over test images, averaged over labels and seeds."}, "image": {"alt": "Predicted against true angle for four sources: all follow the diagonal and flatten at the ends; LeNet's line stays closest to it."}}
networks = {"lenet": readouts["raw"], "mu-lenet": readouts["mu"], "untrained": readouts["untrained"], "pixels": readouts["pixels"]}
_ = df.figures.angle_prediction(df.analysis.tables.angle_curves(networks), df.data.ANGLES_DEG)

# %% mystnb={"figure": {"name": "angle-mu-bias", "caption": "Bias and spread of the angle read from ip1."}, "image": {"alt": "Left, the bias of mu-LeNet at the ends is larger than that of LeNet and like that of the untrained network. Right, spread is nearly level: LeNet lowest, mu-LeNet and the untrained network together above it, pixels highest."}}
_ = df.figures.bias_and_spread(df.analysis.tables.angle_curves(networks), df.data.ANGLES_DEG)

# %%
angles = df.analysis.tables.angle_table(networks, resamples=resamples, rng=study.rng())
columns = ["error", "spread", "rise", "bias", "explained", "ridge", "shuffled"]
study.table(["read from", "error (RMSE), degrees", "spread, degrees", "spread at the ends less at 0, degrees", "|bias|, degrees", "R²",
             "R², ridge", "R², shuffled angles"],
            [[name, *(row[column] for column in columns)] for name, row in angles.items()],
            "How well the angle is read from each network.")

# %%
longer = df.analysis.tables.angle_table(full, resamples=resamples, rng=study.rng())
study.table(["network", "error (RMSE), degrees", "spread, degrees", "R²"],
            [[name, row["error"], row["spread"], row["explained"]] for name, row in longer.items()],
            "The same for μ-LeNet in its variants: with targets scaled the other way, and trained for three times the cap.")

# %% [markdown]
# ## Is the score honest?
# The class means that score μ-LeNet are those of the classes it was trained to output, as the paper itself points out.
# What can be checked here is the premise: do the means of training and test images coincide, and do training and test
# features look alike? The figures are in the verdicts below. Whether the gain survives for classes never seen would need
# networks with digits withheld; that claim is marked *not attempted*.
#
# ## Verdicts

# %%
one_run = {"mu-slower-to-train": 1, "mu-needs-normalisation": 1}  # each compares two runs on the validation split
study.report_all("rudd2017", found, seeds=one_run, notes=df.analysis.mu_lenet.notes(longest))
study.verdicts()

# %% [markdown]
# ## What differs from the paper
# D2 the stopping rule. D3 the scale of targets and of the initial weights, and the ReLU. The two networks of a seed start
# from the same random weights. Details: {doc}`/tiers-and-deviations`.
#
# ## Try it
# `deepfeatures run mu-lenet -p normalise=per-feature`: does it matter how the targets are scaled?

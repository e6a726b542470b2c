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
# # Do pairs teach a network to ignore rotation?
#
# PAIR-LeNet sees two images at a time. One must be named correctly; and at every layer both should look alike, which
# Euclidean losses ask for ({cite}`rudd2017`, section 4.2.2 and figure 5). The paper reports 99.02 % by softmax, 94.21 % by
# cosine in `ip1`, and an angle read slightly less well.

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
pair_kind: str = "rotations"      # a pair: two rotations of one image, or two images of a class (class)
pair_weight: float = 0.001        # weight of the Euclidean losses
sensitivity_iterations: int = 200 # solver steps of the short runs that ask what a setting does
pair_weights: list[float] = [0.0001, 0.001, 1.0]  # weights tried in the short runs
variants: list[str] = []          # full runs: other-pairs, lighter-pairs, weight-0-as-long, three-times-longer
prototypes: int = 7               # k-means prototypes of a class, in the control for per-angle means
heat_digits: int = 10             # test digits of a class in the heat maps
resamples: int = 500              # bootstrap resamples behind every interval
device: str = "auto"              # cpu, cuda, or auto: a GPU where there is one


# %%
import deepfeatures as df

study = df.chapter("pair-lenet", globals())

# %% [markdown]
# ## The network
# Neither the layers nor their weights are given in the paper. Here every pooling layer and both inner products carry
# Caffe's Euclidean loss, the sum of squared differences over twice the batch, with one weight for all (D4).

# %% mystnb={"figure": {"name": "pair-topology", "caption": "PAIR-LeNet: two images through the same weights; softmax loss on the first, a Euclidean loss between the two at each named layer."}, "image": {"alt": "Two stacks of layers side by side joined by a bracket that says shared weights; arrows between pool1, pool2, ip1 and ip2 carry Euclidean losses, and only the left stack ends in a softmax loss."}}
layers = ("conv1", "pool1", "conv2", "pool2", "ip1", "ip2")
kind = {"rotations": "two rotations of one image", "class": "two images of one class"}[pair_kind]
_ = df.figures.pair_topology(layers, {name: pair_weight for name in ("pool1", "pool2", "ip1", "ip2")}, pair=kind)

# %% [markdown]
# ## Which weight?
# Short runs on the validation split, one a weight. At weight 1, Caffe's default, training diverges.
# The weight used below is the one whose class means classify held-out digits best.

# %% mystnb={"figure": {"name": "pair-weights", "caption": "Held-out accuracy after the short runs, against the weight of the Euclidean losses. A weight at which training diverged has no point."}, "image": {"alt": "Two panels against the weight on a logarithmic axis: softmax accuracy falls as the weight grows, accuracy by class means rises to a middle weight and falls again."}}
readouts, selections = study.every_readout(), study.every_selection()
scan = df.analysis.training_curves.weight_scan(
    study.selections("weights"), pair_weights, resamples=resamples, rng=study.rng()
)
_ = df.figures.weights_scan(scan.table, units=scan.units, chosen=pair_weight)

# %%
study.table(["weight at which training diverged", "why"], [[f"{weight:g}", why] for weight, why in scan.diverged.items()],
            "Weights that the figure cannot show.")

# %% [markdown]
# ## Which pairs?
# Two rotations of one image, or two images of a class? The text suggests the first, the caption of figure 5 the second.
# Both were trained for the same short time on the validation split, and the `paper` profile trains the other kind in full,
# once, by the same rule; everything else on this page uses the kind named in the parameters.

# %%
kinds = {"pair-lenet": selections["short, rotations"], "pair-lenet/same class": selections["short, class"]}
short = df.analysis.training_curves.accuracy_against_iterations(kinds, resamples=resamples, rng=study.rng())
study.frame(short[short["iteration"] == short["iteration"].max()], "Held-out accuracy of the two kinds of pair.")

# %% [markdown]
# ## When training stops

# %% mystnb={"figure": {"name": "pair-iterations", "caption": "Accuracy on held-out digits against solver steps for LeNet and PAIR-LeNet; rings mark where each stops."}, "image": {"alt": "Four curves that rise and flatten: softmax accuracy of LeNet on top and of PAIR-LeNet just below; far under them accuracy by class means, where PAIR-LeNet lies clearly above LeNet; from about ten thousand steps on all are nearly level."}}
runs = {"lenet": selections["raw"], "pair-lenet": selections["pair"]}
curve = df.analysis.training_curves.accuracy_against_iterations(runs, resamples=resamples, rng=study.rng())
_ = df.figures.accuracy_against_iterations(curve, chosen={name: run.curve["chosen"] for name, run in runs.items()})

# %%
stops = {name: run.curve for name, run in selections.items() if name != "weights"}
study.table(["run on the validation split", "stops at step", "by the cap", "diverged"],
            [[name, "–" if curve["diverged"] else curve["chosen"], curve["capped"], curve["diverged"] or "no"]
             for name, curve in stops.items()],
            "When training stops.")

# %% [markdown]
# ## Recognition
# "With respect to each label and angle mean" can be read in several ways: the ten class means, the nearest of 70 means of
# a label and an angle, or the means of an angle that is first estimated. All are given; comparisons use the ten. The control is weight 0, and that is LeNet itself, bit for
# bit: the same initial weights, the same images in the same order. PAIR trains for longer by the same rule, so at the
# `paper` profile the control trains for as many steps as PAIR; at the others plain LeNet stands for it.

# %%
control = {"pair, weight 0": readouts["raw"], **readouts}
found = df.analysis.pair_lenet.measure(control, selections, resamples=resamples, rng=study.rng())
trained = {name: group for name, group in readouts.items() if name.startswith(("raw", "pair"))}  # and PAIR's variants
trained |= {"pair, first seed": readouts["pair"][:1]} if seeds > 1 else {}
scores = df.analysis.tables.accuracies(trained, resamples=resamples, rng=study.rng())
study.frame(scores, "Recognition with LeNet and with PAIR, and with PAIR's variants where they were run; % of test images.")

# %% [markdown]
# ### Asking why
# PAIR's weight was chosen for class means, and in the scan above its softmax is the better the smaller the weight; and training stops at the
# cap, before the rule of stopping could decide. So the `paper` profile changes one thing at a time, for the first seed: a tenth of the weight, three times
# the cap, the other kind of pair, and, for all seeds, no weight at all. Another weight or kind may also be stopped sooner by the rule: see the table
# above. The same networks and the angle:

# %%
spreads = df.analysis.tables.angle_table(trained, resamples=resamples, rng=study.rng())
study.table(["network", "spread, degrees", "error (RMSE), degrees", "R²"],
            [[name, row["spread"], row["error"], row["explained"]] for name, row in spreads.items()],
            "The same networks, and the angle read by each label's regressor.")

# %% [markdown]
# At the paper profile a tenth of the weight moves the softmax by less than its interval is wide and takes most of the gain in class means away; three
# times the cap brings the softmax nearer to the paper's, still below, and class means further above; the other kind of pair changes little
# beside these. With no weight at all, the softmax is nearest to the paper's and class means are below. So no setting that was trained in full gives both of
# the paper's figures at once: at both weights the pairs buy class means and cost softmax. A light weight trained for three times the cap, where each
# change alone comes near one of the figures, was not tried. The angle is read about as well in all of them, with pairs slightly better than from
# LeNet, not worse. What the paper did otherwise is not known; it names neither layers nor weights.
#
# The weight was first found in trials that were scored on the leading 2,000 test digits; the scan above came afterwards and
# uses held-out training digits only. So here is the score on the digits that no trial saw.

# %%
chosen = {name: readouts[name] for name in ("raw", "pair")}
study.frame(df.analysis.why.on_digits_not_looked_at(chosen, resamples=resamples, rng=study.rng()),
            "Accuracy by class means on all test digits, on those that trials were scored on, and on the rest.")

# %% [markdown]
# ## What is left of the angle
# Figure 3 of the paper, all three networks in one. Each regressor is asked about images of its own label, as there.

# %% mystnb={"figure": {"name": "angle-pair", "caption": "Angle read from ip1: mean and standard deviation over test images, averaged over labels and seeds."}, "image": {"alt": "Predicted against true angle for LeNet, mu-LeNet, PAIR-LeNet, an untrained network and pixels; all follow the diagonal and flatten at the ends."}}
networks = {"lenet": readouts["raw"], "mu-lenet": readouts["mu"], "pair-lenet": readouts["pair"],
            "untrained": readouts["untrained"], "pixels": readouts["pixels"]}
_ = df.figures.angle_prediction(df.analysis.tables.angle_curves(networks), df.data.ANGLES_DEG)

# %%
angles = df.analysis.tables.angle_table(networks, resamples=resamples, rng=study.rng())
columns = ["error", "spread", "rise", "bias", "explained", "ridge", "shuffled"]
study.table(["read from", "error (RMSE), degrees", "spread, degrees", "spread at the ends less at 0, degrees", "|bias|, degrees", "R²",
             "R², ridge", "R², shuffled angles"],
            [[name, *(row[column] for column in columns)] for name, row in angles.items()],
            "How well the angle is read from each network.")

# %% [markdown]
# (turn-a-digit)=
# ## Turn a digit
# All three networks of the paper. The first test digit of each class, none picked, in steps of five degrees. Training knew seven angles; what happens between
# them was not practised. μ-LeNet has no softmax: it learned class means, so all three are also asked for the nearest mean. The
# angle is read by the linear regressor of the digit's true label.

# %%
show = df.figures.explorer
turned = {name: study.opened(f"turned/{short}")[0] for name, short in
          {"LeNet": "raw", "μ-LeNet": "mu", "PAIR-LeNet": "pair"}.items()}
show.explorer(
    "turn-explorer", df.analysis.turned_explorer.grid(turned),
    [show.Choice("digit"), show.Choice("turned", "turned by", slider=True, start="0°"), show.Choice("network", rows=True)],
    [show.Bars("softmax", "softmax, share of each digit", tuple("0123456789")), show.Text("softmax_says", "softmax says"),
     show.Text("means_say", "nearest class mean"),
     show.Number("angle", "angle read, degrees", digits=0, interval=True, least=-90, most=90, mark="angle_true"),
     show.Picture("units", "ip1", "The 500 units of ip1, bright where they answer", 108, 88, pixels=True)],
    above=[show.Picture("picture", "what the networks see", "A test digit of 28 by 28 pixels", 120, 120, pixels=True)],
    caption="One digit, turned, in each network of the first seed. Angles in degrees, counter-clockwise positive; in brackets, where 95 % of test images of this "
            "class, read so at the seven angles, have their true angle; dashed: the true one, on a scale from −90 to 90. Units are stacked by the class that the paper's equation 1 gives them.",
    twin="In print, the figure and the table above have the angle read from LeNet and PAIR-LeNet over all test digits; the heat maps of the next chapter show the units of a hundred digits at seven angles.")

# %% [markdown]
# ## Pairs and classes
# Did the losses bring the two images of a pair together, and did that bring the images of a class together?

# %% mystnb={"figure": {"name": "pair-distances", "caption": "Mean Euclidean distance in ip1 between two rotations of one digit, two digits of a class, and digits of different classes. Networks differ in scale: compare a network's three bars with each other, or the ratios below."}, "image": {"alt": "For each network three bars: the distance between rotations of one digit is smallest, that between digits of one class larger, that between classes largest."}}
compared = {"lenet": readouts["raw"], "pair-lenet": readouts["pair"], "pair-lenet/weight 0": control["pair, weight 0"],
            "untrained": readouts["untrained"]}
distances = df.analysis.tables.pair_and_class_distances(compared, resamples=resamples, rng=study.rng())
_ = df.figures.pair_and_class_distances(distances)

# %%
ratios = df.analysis.tables.distance_ratios(compared, resamples=resamples, rng=study.rng())
study.table(["network", "two rotations of a digit", "two digits of a class"],
            [[name, row["pair"], row["class"]] for name, row in ratios.items()],
            "The same distances, divided by the mean distance between digits of different classes.", digits=3)

# %% [markdown]
# Two digits of a class are taken at random angles, so their distance shrinks when turning matters less, whatever becomes of the class. At
# the `paper` profile that is nearly all of what the right column shows: by squares, and with six sevenths of the left column taken out (two random angles
# of seven differ that often), both networks are left with about the same. So the claim that the losses hardly bring a class together misses its bar, and
# narrowly, by a measure that has turning in it.
#
# ## Verdicts

# %%
study.report_all("rudd2017", found)
study.verdicts()

# %% [markdown]
# ## What differs from the paper
# D2 the stopping rule. D4 the layers, their one weight and how it was chosen, and the kind of pair. Details:
# {doc}`/tiers-and-deviations`.
#
# ## Try it
# `deepfeatures run pair-lenet -p pair_kind=class`, or `-p pair_weight=0.01`: when does invariance begin to cost accuracy?

"""How networks are trained: one loop, Caffe's solver, the objectives of Rudd et al. 2017."""

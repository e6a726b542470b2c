"""The studio: a page on this machine where chapters are changed, run, watched and set beside the published ones."""

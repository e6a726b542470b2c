"""How a chapter is run: parameters, artifacts, provenance, claims, runner."""

"""One file per stage, in the order of dvc.yaml. Run one with `python -m stages NAME ...`."""

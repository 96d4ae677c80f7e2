from credit.command import Params


class Knobs(Params):
    rows: int
    seed: int

"""Leave a slow model alone for a while, then try it with one application."""

import threading
from typing import Literal

CircuitState = Literal["closed", "half-open", "open"]
"""Closed: the model decides. Open: the rule does. Half-open: one application tries the model, the rule has the rest."""

_MAX_SLOW = 3
"""Slow scores in a row that open the circuit. One alone is a machine that was busy with something else."""

_MIN_PAUSE, _MAX_PAUSE = 1.0, 60.0
"""Seconds for which the circuit stays open: twice as long each time, until the model is quick again."""


class CircuitBreaker:
    """The state of the circuit between the applications and a model. Any thread may ask and tell.

    `patience`: seconds after which a trial of which nothing was heard makes room for another.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._turn = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Close the circuit: another version has another model."""
        with self._turn:
            self.state: CircuitState = "closed"
            self._slow, self._pause, self._until = 0, _MIN_PAUSE, 0.0

    def admit(self, now: float) -> bool:
        """Tell whether the model may have an application. In a half-open circuit, one that asks is the trial."""
        if self.state == "closed":
            return True
        with self._turn:
            if now < self._until:
                return False
            self.state, self._until = "half-open", now + self._patience
            return True

    def note_quick(self) -> None:
        """Note a score that came in time: a trial's closes the circuit; while it is open, it is one from before."""
        if self.state == "half-open" or (self.state == "closed" and self._slow):
            self.reset()

    def note_slow(self, now: float) -> None:
        """Note a score that took too long."""
        with self._turn:
            self._slow += 1
            if self.state == "closed" and self._slow < _MAX_SLOW:
                return
            self.state, self._until = "open", now + self._pause
            self._pause = min(2 * self._pause, _MAX_PAUSE)

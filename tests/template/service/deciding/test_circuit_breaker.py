"""When the model is left alone, and when it is tried again."""

from service.deciding.circuit_breaker import CircuitBreaker


def open_circuit() -> CircuitBreaker:
    breaker = CircuitBreaker(patience=0.25)
    for _ in range(3):
        assert breaker.admit(100)
        breaker.note_slow(100)
    return breaker


def test_one_slow_score_among_quick_ones_changes_nothing() -> None:
    breaker = CircuitBreaker(patience=0.25)
    for _ in range(10):
        breaker.note_slow(100)
        breaker.note_slow(100)
        breaker.note_quick()
    assert breaker.state == "closed"
    assert breaker.admit(100)


def test_after_three_in_a_row_nobody_gets_to_the_model_for_a_second() -> None:
    breaker = open_circuit()
    assert breaker.state == "open"
    assert not breaker.admit(100.9)
    breaker.note_quick()
    assert breaker.state == "open", "a score that began before says nothing of now"


def test_then_one_tries_and_the_others_do_not() -> None:
    breaker = open_circuit()
    assert [breaker.admit(101) for _ in range(3)] == [True, False, False]
    assert breaker.state == "half-open"
    breaker.note_quick()
    assert breaker.state == "closed"
    assert [breaker.admit(101) for _ in range(3)] == [True, True, True]


def test_each_trial_that_is_slow_doubles_the_pause_up_to_a_minute() -> None:
    breaker, now, pauses = open_circuit(), 101.0, []
    for _ in range(8):
        assert breaker.admit(now)
        breaker.note_slow(now)
        start = now
        while not breaker.admit(now):
            now += 1
        pauses.append(now - start)
        breaker._until = now  # the trial that this admitted is the next one of the loop
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


def test_a_trial_of_which_nothing_is_heard_makes_room_for_another() -> None:
    breaker = open_circuit()
    assert breaker.admit(101)
    assert not breaker.admit(101.2)
    assert breaker.admit(101.3)


def test_another_version_starts_with_a_closed_circuit() -> None:
    breaker = open_circuit()
    breaker.reset()
    assert breaker.state == "closed"
    assert breaker.admit(100)

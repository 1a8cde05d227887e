"""Error classes and the message for a name nobody registered."""

import inspect

import pytest

from uie import errors
from uie.errors import UIEError, unknown_name


def test_every_error_is_one_a_user_can_act_on() -> None:
    classes = [value for _, value in inspect.getmembers(errors, inspect.isclass) if issubclass(value, Exception)]

    assert len(classes) >= 11
    assert all(issubclass(cls, UIEError) and cls.__doc__ for cls in classes)


@pytest.mark.parametrize(
    ("name", "known", "message"),
    [
        pytest.param(
            "evnet", ["relation", "event"], "No task is named 'evnet'. Did you mean 'event'? Known: event, relation.", id="near"
        ),
        pytest.param("zzz", ["relation", "event"], "No task is named 'zzz'. Known: event, relation.", id="nothing near"),
        pytest.param("x", [], "No task is named 'x'. Known: none.", id="nothing known"),
        pytest.param(
            "lines1",
            ["lines2", "lines3"],
            "No task is named 'lines1'. Did you mean 'lines3' or 'lines2'? Known: lines2, lines3.",
            id="two near",
        ),
    ],
)
def test_an_unknown_name_is_answered_with_its_neighbours(name: str, known: list[str], message: str) -> None:
    assert unknown_name("task", name, known) == message

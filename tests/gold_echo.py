"""An answerer that knows every answer: what extraction does around a model, without one."""

from collections.abc import Callable, Iterator, Sequence

from fake_engine import FakeEngine

from uie.generation import Failed, Generation, Sampling
from uie.records.record import Record


class GoldEcho:
    """Writes each record's own gold answer, changed by `change`; counts what it was asked and can be told to die, or to fail at some."""

    def __init__(
        self, change: Callable[[Record], str] | None = None, *, dies_after: int | None = None, fails: Sequence[str] = ()
    ) -> None:
        self.facts = {"engine": "echo", "dtype": "none", "device": "none", "wrap": "plain", "max_new_tokens": 9}
        self.questions: dict[str, object] = {}
        self.engine = FakeEngine()
        self.sampling = Sampling(max_new_tokens=9)
        self.constrain = False
        self.asked: list[str] = []
        self._change = change or (lambda record: record.answer or "")
        self._dies_after = dies_after
        self._fails = fails

    def answer(self, records: Sequence[Record], *, batch_size: int = 16) -> Iterator[tuple[Record, Generation | Failed]]:
        for record in sorted(records, key=lambda record: -len(record.query)):
            if self._dies_after is not None and len(self.asked) >= self._dies_after:
                raise KeyboardInterrupt
            self.asked.append(record.id)
            failed = record.id in self._fails
            yield record, Failed("it was told to fail.") if failed else Generation(self._change(record), "stop", 3, 0.5)

    def stream(self, turns: Sequence[tuple[str, str]]) -> Iterator[str]:
        yield f"turn {len(turns)}: "
        yield turns[-1][0].upper()

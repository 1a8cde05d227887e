"""Questions from many threads and tasks → one model in one thread: what waits while it answers is answered together next."""

from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, Protocol, TypeVar

from uie.extraction.answering import Answerer
from uie.generation import Failed, Generation
from uie.records.record import Record

Answers = list[tuple[Record, Generation | Failed]]
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
_TOGETHER = 2048  # records that are sorted by length together at most, as in `predict`


class Question(Protocol[T_co]):
    """Records that are waited for together."""

    @property
    def records(self) -> Sequence[Record]: ...

    def follow_up(self, answers: Answers) -> Sequence[Record]:
        """What their answers are to be followed up with."""

    def result(self, answers: Answers) -> T_co:
        """What all the answers make."""


class Gathering:
    """A model that may be asked from any thread, and is only ever run by one thread of its own.

    The thread ends with the interpreter, or when nobody holds this any more.
    """

    def __init__(self, answerer: Answerer, *, batch_size: int = 16) -> None:
        self._answerer = answerer
        self._batch_size = batch_size
        self._waiting: deque[list[_Asked[Any]]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="uie")

    def ask(self, questions: Iterable[Question[T]]) -> list[Future[T]]:
        """What will be each question's result; questions that are asked in one go share batches.

        What is cancelled is not waited for: when nobody waits for what is being answered, the model turns to what comes next. An error
        of the engine is raised to all whose questions it was answering.
        """
        asked = [_Asked(question) for question in questions]
        self._waiting.append([one for one in asked if not one.future.done()])
        self._thread.submit(self._answer_waiting)  # a call for each that waits; one that finds nothing left does nothing
        return [one.future for one in asked]

    def _answer_waiting(self) -> None:
        asked = self._taken()
        try:
            self._answer(asked)
            self._answer(asked)  # what they were followed up with
            error: BaseException = RuntimeError("the engine left a prompt without an answer")
        except BaseException as raised:
            error = raised
        for one in asked:
            one.fail(error)  # nothing where all is done

    def _taken(self) -> "list[_Asked[Any]]":
        """What waits, up to as much as is answered together."""
        taken: list[_Asked[Any]] = []
        while self._waiting and sum(len(one.records) for one in taken) < _TOGETHER:
            taken += self._waiting.popleft()
        return taken

    def _answer(self, asked: "list[_Asked[Any]]") -> None:
        """Answers what has no answer yet, as long as somebody waits for any of it."""
        places = {id(one.records[place]): (one, place) for one in asked if not one.future.done() for place in one.unanswered()}
        records = [one.records[place] for one, place in places.values()]
        awaited = deque(asked)
        for record, answer in self._answerer.answer(records, batch_size=self._batch_size) if records else ():
            one, place = places[id(record)]
            one.take(place, answer)
            while awaited and awaited[0].future.done():
                awaited.popleft()
            if not awaited:
                return


class _Asked(Generic[T]):
    """A question while it is answered."""

    def __init__(self, question: Question[T]) -> None:
        self.future: Future[T] = Future()
        self.records = list(question.records)
        self._question = question
        self._answers: dict[int, Generation | Failed] = {}
        self._followed_up = False
        if not self.records:
            self._go_on()

    def unanswered(self) -> list[int]:
        """The places of records without an answer."""
        return [place for place in range(len(self.records)) if place not in self._answers]

    def take(self, place: int, answer: Generation | Failed) -> None:
        self._answers[place] = answer
        if len(self._answers) == len(self.records):
            self._go_on()

    def fail(self, error: BaseException) -> None:
        if not self.future.done() and self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)

    def _go_on(self) -> None:
        answers = [(record, self._answers[place]) for place, record in enumerate(self.records)]
        try:
            further = () if self._followed_up else self._question.follow_up(answers)
            self._followed_up = True
            self.records += further
            result = None if further else self._question.result(answers)
        except Exception as error:  # that of one question is not that of the others
            self.fail(error)
            return
        if result is not None and self.future.set_running_or_notify_cancel():
            self.future.set_result(result)

"""Windows end at sentences, stay within their tokens and hold the whole text; what a window holds of a Document, and what none does."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.errors import SettingsError
from uie.records.windows import Window, cut_to, lost, sentence_ends, token_counter, windows


def words(text: str) -> int:
    return len(text.split())


def utf8_bytes(text: str) -> int:
    return len(text.encode("utf-8"))


def pieces(text: str, count_tokens: Callable[[str], int], longest: int, overlap: int = 0) -> list[str]:
    return [text[w.start : w.end] for w in windows(text, count_tokens=count_tokens, longest=longest, overlap=overlap)]


# Sentences


@pytest.mark.parametrize(
    "marked",
    [
        "Ann came.| Bob left!| Who stayed?|",
        "Dr. Wu met Mr. J. Li of the U.S. Army, e.g. twice, in St. Ives.| Then they left.|",
        "It cost 3.5 euros at example.org in 2010.| No. 5 was free.| See Fig. 2 there.|",
        '"Why?" she asked.| "Go!"| (He went.)| So did I... in the end...| Then rain.|',
        "Yahoo! hired him.| Nobody came|",
        "I see . ''| He left .|",
        "A title|\n\n1. One thing.|\n2. Another|\r\n  Last line|\n",
        "It was the end of the war.|The town|\nsaid so.”|He left at 5 p.m.The U.S.Steel man stayed.|",
        "他来了。|她走了！|“真的吗？”|是；|不是……|好|",
        "价格是3.5元.|他说好!|真的吗?|版本2.0已发布。|",
        "（见第3页。）|「はい。」|",
        "...|",
        "",
        " \n ",
    ],
)
def test_sentences_end_at_the_marks(marked: str) -> None:
    text = marked.replace("|", "")
    marks = [match.start() - index for index, match in enumerate(re.finditer(r"\|", marked))]

    assert sentence_ends(text) == marks


@pytest.mark.parametrize("text", ["." * 100_000, " " * 100_000, "a. " * 50_000, "。”" * 50_000, "a.b." * 25_000, ". ' " * 25_000])
def test_sentences_of_strange_texts_are_found_in_linear_time(text: str) -> None:
    assert sentence_ends(text)[-1:] == ([len(text.rstrip())] if text.strip() else [])


# Windows

ENGLISH = "Ann met Bob. They went home. It rained all day. Nobody else came."  # sentences of 3, 3, 4 and 3 words
CHINESE = "安娜来了。鲍勃走了。雨下了一整天。没有别人来。"  # sentences of 5, 5, 7 and 6 characters


def test_a_text_that_fits_is_one_window_as_it_stands() -> None:
    assert windows(f" {ENGLISH}\n", count_tokens=words, longest=13) == [Window(0, len(ENGLISH) + 2)]
    assert windows("", count_tokens=words, longest=1) == [Window(0, 0)]


def test_a_window_takes_as_many_sentences_as_fit() -> None:
    assert pieces(ENGLISH, words, 12) == ["Ann met Bob. They went home. It rained all day.", "Nobody else came."]
    assert pieces(ENGLISH, words, 7) == ["Ann met Bob. They went home.", "It rained all day. Nobody else came."]
    assert pieces(ENGLISH, words, 4) == ["Ann met Bob.", "They went home.", "It rained all day.", "Nobody else came."]


def test_chinese_windows_end_at_chinese_stops() -> None:
    assert pieces(CHINESE, len, 12) == ["安娜来了。鲍勃走了。", "雨下了一整天。", "没有别人来。"]
    assert pieces(CHINESE, len, 13) == ["安娜来了。鲍勃走了。", "雨下了一整天。没有别人来。"]


def test_a_window_repeats_the_sentences_before_it_that_the_overlap_has_room_for() -> None:
    assert pieces(ENGLISH, words, 10, overlap=3) == [
        "Ann met Bob. They went home. It rained all day.",
        "Nobody else came.",  # the sentence before it has four words
    ]
    assert pieces(ENGLISH, words, 10, overlap=4)[1] == "It rained all day. Nobody else came."
    assert pieces(ENGLISH, words, 10, overlap=7)[1] == "They went home. It rained all day. Nobody else came."
    assert pieces(CHINESE, len, 17, overlap=5) == ["安娜来了。鲍勃走了。雨下了一整天。", "没有别人来。"]
    assert pieces(CHINESE, len, 17, overlap=9)[1] == "雨下了一整天。没有别人来。"


def test_no_sentence_is_cut_for_the_sake_of_an_overlap() -> None:
    # Repeating three words would leave room for three of the four that follow.
    assert pieces(ENGLISH, words, 6, overlap=3)[:2] == ["Ann met Bob. They went home.", "It rained all day."]


def test_a_long_sentence_is_cut_between_words_and_then_repeats_words() -> None:
    text = "One. Two three four five six seven. Eight."

    assert pieces(text, words, 3) == ["One.", "Two three four", "five six seven.", "Eight."]
    assert pieces(text, words, 3, overlap=1) == ["One.", "Two three four", "four five six", "six seven. Eight."]


def test_a_long_chinese_sentence_is_cut_at_commas_and_else_anywhere() -> None:
    assert pieces("安娜来了，鲍勃也来了，他们都来了。", len, 6) == ["安娜来了，", "鲍勃也来了，", "他们都来了。"]
    assert pieces("今天天气很好我们出去玩。", len, 5) == ["今天天气很", "好我们出去", "玩。"]
    assert pieces("今天天气很好我们出去玩。", len, 5, overlap=2) == ["今天天气很", "气很好我们", "我们出去玩", "去玩。"]


def test_no_cut_parts_a_character_from_its_accents_or_an_emoji_from_its_parts() -> None:
    assert pieces("e\u0301e\u0301e\u0301", len, 3) == ["e\u0301", "e\u0301", "e\u0301"]
    assert pieces("👍🏽👍🏽", len, 3) == ["👍🏽", "👍🏽"]
    assert pieces("👩\u200d👧👩\u200d👧", len, 5) == ["👩\u200d👧", "👩\u200d👧"]


def test_a_character_with_more_accents_than_fit_is_cut_and_a_code_point_never_is() -> None:
    assert pieces("e\u0301\u0302\u0303", len, 2) == ["e\u0301", "\u0302\u0303"]
    assert pieces("a雨b", utf8_bytes, 2) == ["a", "雨", "b"]


def test_white_space_between_windows_is_in_neither_and_makes_none() -> None:
    assert windows("Ann came.  \n\n Bob left.\n", count_tokens=len, longest=10) == [Window(0, 9), Window(14, 23)]
    assert windows(" " * 9, count_tokens=len, longest=3) == [Window(0, 0)]


def test_tokens_are_counted_a_few_times_a_window_and_on_no_more_than_it_needs() -> None:
    counted: list[int] = []

    def count(text: str) -> int:
        counted.append(len(text))
        return len(text)

    found = windows("Nobody came at all. " * 10_000, count_tokens=count, longest=400, overlap=40)

    assert len(found) == 556  # 20 sentences, of which the last two are repeated: 1 + (10,000 - 20) / 18, rounded up
    assert len(counted) < 20 * len(found)  # 15
    assert max(counted[1:]) <= 800


def test_a_sentence_without_end_is_not_looked_at_again_for_each_window() -> None:
    counted: list[int] = []

    def count(text: str) -> int:
        counted.append(len(text))
        return len(text)

    found = windows("x" * 100_000, count_tokens=count, longest=100, overlap=10)

    assert len(found) == 1111  # 1 + (100,000 - 100) / 90
    assert max(counted[1:]) <= 200


@pytest.mark.parametrize(
    ("longest", "overlap", "message"),
    [
        (0, 0, "windows.tokens: expected 1 or more, found 0."),
        (8, 8, "windows.overlap: expected 0 or more and less than windows.tokens (8), found 8."),
        (8, -1, "windows.overlap: expected 0 or more and less than windows.tokens (8), found -1."),
    ],
)
def test_sizes_without_room_for_progress_are_refused(longest: int, overlap: int, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        windows("text", count_tokens=len, longest=longest, overlap=overlap)

    assert str(error.value) == message


def uneven(text: str) -> int:
    """Not monotone, as byte pairs are not: "ab" is one token and "a" two, and a stop costs two more at the end."""
    return len(text.replace("ab", "_")) + text.replace("ab", "_").count("a") + 2 * text.endswith(".")


COUNTERS = st.sampled_from([len, words, utf8_bytes, uneven])
TEXTS = st.text(
    st.sampled_from("ab AB.!?。，；…雨 \n\t\"”)'3\u0301\u200d👍🏽\ud83d\udc4d".encode("utf-8", "ignore").decode()), max_size=60
)


@settings(deadline=None, max_examples=400)
@given(TEXTS, COUNTERS, st.integers(1, 20), st.integers(0, 19))
@example("a" * 30, uneven, 4, 3)
@example("ab" * 30, uneven, 3, 2)
@example("bbbb. cc dd", uneven, 6, 0)
@example("雨雨雨雨\u200d  ", len, 2, 1)
def test_windows_hold_the_whole_text_in_order_within_their_tokens(
    text: str, count: Callable[[str], int], longest: int, overlap: int
) -> None:
    overlap = min(overlap, longest - 1)

    found = windows(text, count_tokens=count, longest=longest, overlap=overlap)

    covered = {at for window in found for at in range(window.start, window.end)}
    assert {at for at, character in enumerate(text) if not character.isspace()} <= covered
    for window in found:
        piece = text[window.start : window.end]
        assert count(piece) <= longest or len(piece) == 1
        assert piece == piece.strip() or len(found) == 1
    for before, after in zip(found, found[1:], strict=False):
        assert before.start < after.start
        assert before.end < after.end
        assert count(text[after.start : before.end]) <= overlap
        assert text[before.end : after.start].strip() == ""


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=12), st.integers(6, 12), st.integers(0, 5))
def test_where_every_sentence_fits_every_window_is_whole_sentences(sizes: list[int], longest: int, overlap: int) -> None:
    sentences = [" ".join(["Word"] * size) + "." for size in sizes]
    text = " ".join(sentences)

    found = windows(text, count_tokens=words, longest=longest, overlap=overlap)

    ends = set(sentence_ends(text))
    starts = {0} | {end + 1 for end in ends}
    assert all(window.start in starts and window.end in ends for window in found)


# Counting


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One token a word, a special token in front, and a truncation to three tokens left over from training."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordLevel({"<s>": 0, "<unk>": 1}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=9)
    folder = tmp_path_factory.mktemp("cache") / "models" / "tiny"
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_without_a_tokenizer_characters_are_counted() -> None:
    assert token_counter("")("安娜 met") == 6


def test_tokens_of_the_text_alone_are_counted_to_its_end(tokenizer_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UIE_CACHE", str(tokenizer_folder.parent.parent))

    for name in (str(tokenizer_folder / "tokenizer.json"), str(tokenizer_folder), "tiny"):
        assert token_counter(name)("Ann met Bob in Rome") == 5


def test_a_tokenizer_that_is_not_there_or_is_none_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UIE_CACHE", str(tmp_path))
    (tmp_path / "tokenizer.json").write_text("[]", encoding="utf-8")

    with pytest.raises(SettingsError) as missing:
        token_counter("tny")
    with pytest.raises(SettingsError) as broken:
        token_counter(str(tmp_path))

    assert str(missing.value) == (
        "windows.tokenizer: 'tny': no such file; expected a tokenizer.json, a folder that holds one, "
        "or the name of a fetched model (uie models list)."
    )
    assert re.fullmatch(
        rf"windows\.tokenizer: {re.escape(str(tmp_path))}/tokenizer\.json holds no tokenizer: [^\n]+\.", str(broken.value)
    )


# Documents

TEXT = "Ann met Bob in Rome. They stayed. Carl left Rome for Oslo."
FIRST, SECOND = Window(0, 20), Window(34, 58)
TOKENS = tuple(match.span() for match in re.finditer(r"\w+|\.", TEXT))


def at(string: str, occurrence: int = 1) -> Mention:
    start = -1
    for _ in range(occurrence):
        start = TEXT.index(string, start + 1)
    return Mention(string, start, start + len(string))


def document(**parts: Any) -> Document:
    return Document("d", TEXT, "corpus", "train", **parts)


def test_a_window_holds_its_entities_by_offsets_of_its_own() -> None:
    gold = document(
        entities=(Entity(at("Ann"), "person"), Entity(at("Rome", 2), "place"), Entity(at("Oslo"), "place", 0.5)), tokens=TOKENS
    )

    cut, counts = cut_to(gold, SECOND)

    assert (cut.id, cut.dataset, cut.split, cut.text) == ("d", "corpus", "train", "Carl left Rome for Oslo.")
    assert cut.entities == (Entity(Mention("Rome", 10, 14), "place"), Entity(Mention("Oslo", 19, 23), "place", 0.5))
    assert cut.tokens == ((0, 4), (5, 9), (10, 14), (15, 18), (19, 23), (23, 24))
    assert counts == {}
    assert lost(gold, [FIRST, SECOND]) == {}


def test_the_window_of_a_whole_text_is_the_document_itself() -> None:
    gold = document(
        entities=(Entity(at("Ann")), Entity(Mention("Zoe"))), relations=(Relation("x", 0, 0, level="cluster"),), clusters=((0, 1),)
    )
    whole = Window(0, len(TEXT))

    assert cut_to(gold, whole) == (gold, {})
    assert lost(gold, [whole]) == {}


def test_an_entity_across_the_border_is_counted_and_an_overlapping_window_may_hold_it() -> None:
    gold = document(entities=(Entity(at("Rome. They")),))

    cut, counts = cut_to(gold, FIRST)

    assert cut.entities == ()
    assert counts == {"entities": 1}
    assert cut_to(gold, SECOND)[1] == {}
    assert lost(gold, [FIRST, SECOND]) == {"entities": 1}
    assert lost(gold, [FIRST, Window(15, 33), SECOND]) == {}


def test_an_entity_beside_the_border_is_not_counted() -> None:
    assert cut_to(document(entities=(Entity(at("Ann")), Entity(at("Bob")))), Window(3, 8))[1] == {}


def test_a_discontinuous_entity_needs_all_its_fragments() -> None:
    inside = Mention("met Rome", 4, 19, ((4, 7), (15, 19)))
    across = Mention("Ann Carl", 0, 38, ((0, 3), (34, 38)))
    around = Mention("Bob left", 8, 43, ((8, 11), (39, 43)))  # nothing of it stands in the sentence between
    gold = document(entities=(Entity(inside), Entity(across), Entity(around)))

    assert cut_to(gold, Window(4, 20))[0].entities == (Entity(Mention("met Rome", 0, 15, ((0, 3), (11, 15)))),)
    assert cut_to(gold, Window(4, 20))[1] == {"entities": 1}  # Bob; Ann stands before the window
    assert cut_to(gold, Window(21, 33))[1] == {}
    assert lost(gold, [FIRST, SECOND]) == {"entities": 2}


def test_an_ungrounded_entity_is_in_every_window_where_its_string_stands_as_a_word() -> None:
    gold = document(entities=(Entity(Mention("Rome")), Entity(Mention("met")), Entity(Mention("Zoe"))))

    assert cut_to(gold, FIRST)[0].entities == (Entity(Mention("Rome")), Entity(Mention("met")))
    assert cut_to(gold, SECOND)[0].entities == (Entity(Mention("Rome")),)
    assert cut_to(Document("d", "I like art. A party came.", entities=(Entity(Mention("art")),)), Window(12, 25))[0].entities == ()
    assert lost(gold, [FIRST, SECOND]) == {"entities": 1}


def test_a_relation_needs_both_ends() -> None:
    entities = tuple(Entity(at(name)) for name in ("Ann", "Bob", "Carl", "Oslo"))
    gold = document(entities=entities, relations=(Relation("left for", 2, 3, 0.5), Relation("knows", 1, 2), Relation("met", 0, 1)))

    cut, counts = cut_to(gold, SECOND)

    assert cut.entities == (Entity(Mention("Carl", 0, 4)), Entity(Mention("Oslo", 19, 23)))
    assert cut.relations == (Relation("left for", 0, 1, 0.5),)
    assert counts == {"relations": 1}
    assert lost(gold, [FIRST, SECOND]) == {"relations": 1}


def test_clusters_and_the_relations_between_them_are_lost() -> None:
    entities = (Entity(at("Ann")), Entity(at("Bob")), Entity(at("Carl")))
    gold = document(entities=entities, clusters=((0,), (1,)), relations=(Relation("knows", 0, 1, level="cluster"),))

    cut, counts = cut_to(gold, FIRST)

    assert (cut.clusters, cut.relations, counts) == (None, (), {"relations": 1})
    assert cut_to(gold, SECOND)[1] == {}
    assert lost(gold, [FIRST, SECOND]) == {"relations": 1}


def test_an_event_is_where_its_trigger_is_with_the_arguments_that_are_there_too() -> None:
    met = Event("meet", at("met"), (Argument("who", at("Ann")), Argument("witness", at("Carl"))), 0.5, {"tense": "past"})
    left = Event("leave", at("left"), (Argument("who", at("Carl"), confidence=0.5), Argument("cause", event=0)))
    gold = document(events=(met, left))

    first, first_counts = cut_to(gold, FIRST)
    second, second_counts = cut_to(gold, SECOND)

    assert first.events == (Event("meet", Mention("met", 4, 7), (Argument("who", Mention("Ann", 0, 3)),), 0.5, {"tense": "past"}),)
    assert second.events == (Event("leave", Mention("left", 5, 9), (Argument("who", Mention("Carl", 0, 4), confidence=0.5),)),)
    assert first_counts == second_counts == {"arguments": 1}
    assert lost(gold, [FIRST, SECOND]) == {"arguments": 2}


def test_an_argument_that_is_an_event_points_to_it_in_the_window() -> None:
    events = (Event("a", at("met")), Event("b", at("left")), Event("c", at("for"), (Argument("cause", event=1),)))

    cut, _ = cut_to(document(events=events), SECOND)

    assert cut.events is not None
    assert cut.events[1].arguments == (Argument("cause", event=0),)


def test_an_event_without_a_trigger_is_where_any_of_its_arguments_is() -> None:
    trip = Event("trip", None, (Argument("who", at("Ann")), Argument("to", at("Oslo"))))
    gold = document(events=(Event("tell", None, (Argument("what", event=1),)), trip, Event("bare", None)))

    first, second = cut_to(gold, FIRST), cut_to(gold, SECOND)

    assert first[0].events == (
        Event("tell", None, (Argument("what", event=1),)),
        Event("trip", None, (Argument("who", Mention("Ann", 0, 3)),)),
        Event("bare", None),
    )
    assert second[0].events == (
        Event("tell", None, (Argument("what", event=1),)),
        Event("trip", None, (Argument("to", Mention("Oslo", 19, 23)),)),
    )
    assert first[1] == second[1] == {"arguments": 1}
    assert cut_to(gold, Window(21, 33)) == (Document("d", "They stayed.", "corpus", "train", events=()), {})
    assert lost(gold, [FIRST, SECOND]) == {}


def test_an_event_whose_trigger_is_cut_is_counted_with_its_arguments() -> None:
    gold = document(events=(Event("stay", at("Rome. They stayed"), (Argument("who", at("Ann")),)),))

    assert cut_to(gold, FIRST)[1] == lost(gold, [FIRST, SECOND]) == {"events": 1, "arguments": 1}


def test_what_is_not_annotated_stays_so() -> None:
    cut, _ = cut_to(document(entities=(), relations=None, events=None), SECOND)

    assert (cut.entities, cut.relations, cut.events, cut.tokens) == ((), None, None, None)


def test_a_document_in_chinese_is_cut_in_windows_that_keep_its_items() -> None:
    text = "安娜在罗马见到了鲍勃。他们第二天去了奥斯陆。"
    entities = tuple(Entity(Mention(name, text.index(name), text.index(name) + len(name))) for name in ("安娜", "鲍勃", "奥斯陆"))
    gold = Document("d", text, lang="zh", entities=entities, relations=(Relation("见", 0, 1), Relation("去", 0, 2)))

    found = windows(text, count_tokens=len, longest=12)
    cuts = [cut_to(gold, window) for window in found]

    assert [cut.text for cut, _ in cuts] == ["安娜在罗马见到了鲍勃。", "他们第二天去了奥斯陆。"]
    assert [cut.relations for cut, _ in cuts] == [(Relation("见", 0, 1),), ()]
    assert [counts for _, counts in cuts] == [{"relations": 1}, {"relations": 1}]
    assert lost(gold, found) == {"relations": 1}


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Every item has its own number in its type or role, so that it is known again in a window."""
    text = draw(st.text(st.sampled_from("ab. 雨。"), min_size=1, max_size=25))

    def mention() -> Mention:
        size = draw(st.sampled_from([2, 2, 2, 4]))
        cuts = sorted(draw(st.lists(st.integers(0, len(text)), min_size=size, max_size=size)))
        if draw(st.integers(0, 4)) == 0 or cuts[0] == cuts[-1]:
            return Mention(draw(st.text(st.sampled_from("ab雨"), max_size=2)))
        if size == 2:
            return Mention(text[cuts[0] : cuts[1]], cuts[0], cuts[1])
        fragments = ((cuts[0], cuts[1]), (cuts[2], cuts[3]))
        return Mention(" ".join(text[start:end] for start, end in fragments), cuts[0], cuts[3], fragments)

    entities = tuple(Entity(mention(), str(number)) for number in range(draw(st.integers(1, 4))))
    index = st.integers(0, len(entities) - 1)
    relations = tuple(Relation(str(number), draw(index), draw(index)) for number in range(draw(st.integers(0, 4))))
    count = draw(st.integers(0, 3))

    def argument(role: str) -> Argument:
        event = draw(st.none() | st.integers(0, count - 1))
        return Argument(role, mention() if event is None else None, event)

    events = tuple(
        Event(
            str(number),
            mention() if draw(st.booleans()) else None,
            tuple(argument(f"{number}.{which}") for which in range(draw(st.integers(0, 3)))),
        )
        for number in range(count)
    )
    return Document("d", text, entities=entities, relations=relations, events=events)


def items(document: Document) -> set[tuple[str, str]]:
    assert document.entities is not None
    assert document.relations is not None
    assert document.events is not None
    return {
        *(("entities", str(entity.type)) for entity in document.entities),
        *(("relations", relation.type) for relation in document.relations),
        *(("events", event.type) for event in document.events),
        *(("arguments", argument.role) for event in document.events for argument in event.arguments),
    }


@settings(deadline=None, max_examples=300)
@given(documents(), st.integers(1, 12), st.integers(0, 6))
def test_every_item_is_in_a_window_or_counted_as_lost(gold: Document, longest: int, overlap: int) -> None:
    found = windows(gold.text, count_tokens=len, longest=longest, overlap=min(overlap, longest - 1))

    cuts = [cut_to(gold, window) for window in found]  # a Document checks that its mentions stand at their offsets

    held = {item for cut, _ in cuts for item in items(cut)}
    assert held <= items(gold)
    assert Counter(kind for kind, _ in items(gold)) == Counter(kind for kind, _ in held) + Counter(lost(gold, found))
    for window, (cut, counts) in zip(found, cuts, strict=True):
        assert cut.text == gold.text[window.start : window.end]
        assert all(count > 0 for count in counts.values())

"""Layouts of whole documents and of events: DyGIE++, EEQA, DocRED, RAMS, OneIE, WikiEvents, CASIE, Doc2EDAG."""

import copy
import json

import pytest

from uie.corpora import LAYOUTS, options_of, raise_bad
from uie.corpora.token_spans import named, sentences_text
from uie.documents import Mention
from uie.errors import CorpusError
from uie.settings import build


def _read(layout, path, bad=raise_bad, **options):
    layout = LAYOUTS.get(layout)
    return list(layout.read(path, build(options_of(layout), options, where="test"), bad))


def _lines(tmp_path, *rows, name="file.jsonl"):
    path = tmp_path / name
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def _whole(tmp_path, value, name="file.json"):
    path = tmp_path / name
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


def _error(layout, path, **options):
    """What the only thing that cannot be read is called, without the path."""
    found = []
    assert _read(layout, path, lambda error, raw: found.append(str(error)), **options) == []
    assert len(found) == 1
    return found[0].removeprefix(str(path))


def _entities(document):
    return [(entity.mention.text, entity.mention.start, entity.type) for entity in document.entities]


def _arguments(document):
    """(type, trigger, [(role, text, start)]) of each event."""
    return [
        (event.type, event.trigger and event.trigger.text, [(a.role, a.mention.text, a.mention.start) for a in event.arguments])
        for event in document.events
    ]


PAPER = {
    "doc_key": "p1",
    "sentences": [["We", "test", "deep", "parsers", "."], ["They", "beat", "rules", "."]],
    "ner": [[[2, 3, "Method"], [3, 3, "Task"]], [[5, 5, "Generic"], [7, 7, "Method"]]],
    "relations": [[], [[5, 5, 7, 7, "COMPARE"], [5, 5, 7, 7, "COMPARE"]]],
    "clusters": [[[2, 3], [5, 5]]],
}


def test_dygie_counts_tokens_from_the_document_and_its_ends_are_inclusive(tmp_path):
    (document,) = _read("dygie", _lines(tmp_path, PAPER))

    assert (document.id, document.text) == ("p1", "We test deep parsers . They beat rules .")
    assert _entities(document) == [
        ("deep parsers", 8, "Method"),
        ("parsers", 13, "Task"),
        ("They", 23, "Generic"),
        ("rules", 33, "Method"),
    ]
    assert [(relation.type, relation.head, relation.tail) for relation in document.relations] == [("COMPARE", 2, 3)]
    assert document.clusters == ((0, 2),)
    assert document.events is None
    assert document.meta == {"duplicates": 1, "place": 1}


def test_dygie_counts_tokens_from_the_sentence_where_it_is_told_so(tmp_path):
    row = {"sentences": PAPER["sentences"], "ner": [[], [[2, 2, "Method"]]]}

    (document,) = _read("dygie", _lines(tmp_path, row), origin="sentence")

    assert _entities(document) == [("rules", 33, "Method")]
    assert (document.relations, document.clusters) == (None, None)


def test_dygie_refuses_offsets_of_the_other_kind_instead_of_misplacing_mentions(tmp_path):
    path = _lines(tmp_path, {"sentences": PAPER["sentences"], "ner": [[], [[2, 2, "Method"]]]})

    assert _error("dygie", path) == (
        ":1: tokens 2 to 2 are not in sentence 1, which has the tokens 5 to 8; "
        "if few mentions are where they should be, set the option origin: sentence."
    )
    assert LAYOUTS.get("dygie").guess(path) == {"origin": "sentence"}
    assert LAYOUTS.get("dygie").guess(_lines(tmp_path, PAPER)) == {"origin": "document"}
    assert LAYOUTS.get("dygie").guess(_lines(tmp_path, {"text": "no tokens"})) is None


@pytest.mark.parametrize("trigger", [[6, "win"], [6, 6, "win"]], ids=["one token", "start and end"])
def test_dygie_events_have_triggers_of_one_token_or_several(tmp_path, trigger):
    row = {"sentences": PAPER["sentences"], "events": [[], [[trigger, [5, 5, "winner"], [7, 7, "loser"]]]]}

    (document,) = _read("dygie", _lines(tmp_path, row))

    assert _arguments(document) == [("win", "beat", [("winner", "They", 23), ("loser", "rules", 33)])]
    assert document.entities is None


def test_a_relation_between_mentions_that_are_no_entities_makes_untyped_ones(tmp_path):
    (document,) = _read("dygie", _lines(tmp_path, {**PAPER, "ner": [[], []], "clusters": []}))

    assert _entities(document) == [("They", 23, None), ("rules", 33, None)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ner": [[]]}, ":1: ner: expected a list for each of 2 sentences, found 1."),
        ({"ner": {}}, ":1: ner: expected a list, found {}."),
        ({"ner": [[], [[5, "5", "x"]]]}, ":1: tokens 5 to '5' are no numbers of tokens."),
        ({"clusters": [[[8, 9]]]}, ":1: tokens 8 to 10 (exclusive): there are 9, counted from 0."),
        ({"sentences": ["We test ."]}, ":1: expected a list of sentences, each a list of tokens, found ['We test .']."),
        ({"sentences": [[""]]}, ":1: expected a list of tokens, none of them empty, found ['']."),
    ],
)
def test_what_is_no_dygie_is_refused(tmp_path, change, message):
    assert _error("dygie", _lines(tmp_path, {**PAPER, **change})) == message


def test_dygie_without_any_annotation_is_refused(tmp_path):
    path = _lines(tmp_path, {"doc_key": "p1", "sentences": [["Hm"]]})

    assert _error("dygie", path) == ":1: expected at least one of ner, relations, clusters, events; found doc_key, sentences."


def test_eeqa_takes_the_start_of_the_sentence_from_its_offsets(tmp_path):
    row = {"sentence": ["Ann", "left", "Rome"], "s_start": 7, "event": [[[8, "leave"], [7, 7, "who"], [9, 9, "whence"]]]}

    (document,) = _read("eeqa", _lines(tmp_path, row))

    assert _arguments(document) == [("leave", "left", [("who", "Ann", 0), ("whence", "Rome", 9)])]
    assert (document.entities, document.relations) == (None, None)


def test_eeqa_reads_a_relation_that_is_listed_twice_once_as_dygie_does(tmp_path):
    row = {"sentence": ["Ann", "left", "Rome"], "ner": [[0, 0, "PER"]], "relation": [[0, 0, 2, 2, "PHYS"]] * 2, "event": []}

    (document,) = _read("eeqa", _lines(tmp_path, row))

    assert [(relation.type, relation.head, relation.tail) for relation in document.relations] == [("PHYS", 0, 1)]
    assert document.meta == {"duplicates": 1, "place": 1}


def _article():
    return {
        "title": "Ann Lee",
        "sents": [["Ann", "Lee", "left", "Rome", "on", "May", "1", ",", "1990", "."], ["Lee", "died", "in", "York", "."]],
        "vertexSet": [
            [
                {"name": "Ann Lee", "sent_id": 0, "pos": [0, 2], "type": "PER"},
                {"name": "Lee", "sent_id": 1, "pos": [0, 1], "type": "PER"},
                {"name": "Lee", "sent_id": 1, "pos": [0, 1], "type": "PER"},
            ],
            [{"name": "May 1, 1990", "sent_id": 0, "pos": [5, 9], "type": "TIME"}],
            [{"name": "7.\nYork", "sent_id": 1, "pos": [3, 4], "type": "LOC"}],
        ],
        "labels": [{"h": 0, "r": "P570", "t": 1, "evidence": []}, {"h": 0, "r": "P20", "t": 2, "evidence": [1]}],
    }


def test_docred_vertices_are_clusters_and_its_relations_theirs(tmp_path):
    (document,) = _read("docred", _whole(tmp_path, [_article()]))

    assert document.id == "Ann Lee"
    assert document.text == "Ann Lee left Rome on May 1 , 1990 . Lee died in York ."
    assert document.clusters == ((0, 1), (2,), (3,))
    assert [(r.type, r.head, r.tail, r.level) for r in document.relations] == [("P570", 0, 1, "cluster"), ("P20", 0, 2, "cluster")]
    assert document.meta == {"duplicates": 1, "ungrounded": 1, "evidence": [[], [1]], "place": "item 0"}


def test_a_docred_name_that_differs_in_white_space_is_kept_and_another_one_loses_its_place(tmp_path):
    (document,) = _read("docred", _whole(tmp_path, [_article()]))

    assert _entities(document) == [
        ("Ann Lee", 0, "PER"),
        ("Lee", 36, "PER"),
        ("May 1 , 1990", 21, "TIME"),
        ("7.\nYork", None, "LOC"),
    ]
    assert [dict(entity.attributes) for entity in document.entities] == [{}, {}, {"name": "May 1, 1990"}, {}]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": None}, ":item 0: labels: expected a list, found None."),
        (
            {"labels": [{"h": 0, "r": "P20", "t": 3}]},
            ":item 0: document 'Ann Lee': relation 'P20' points to cluster 3, there are 3.",
        ),
        (
            {"vertexSet": [[{"name": "Lee", "sent_id": 1, "pos": [4, 6], "type": "PER"}]]},
            ":item 0: tokens 4 to 6 (exclusive): there are 5, counted from 0.",
        ),
        (
            {"vertexSet": [[{"name": "Lee", "sent_id": -1, "pos": [0, 1], "type": "PER"}]]},
            ":item 0: sentence -1: there are 2, counted from 0.",
        ),
    ],
)
def test_what_is_no_docred_is_refused(tmp_path, change, message):
    assert _error("docred", _whole(tmp_path, [{**_article(), **change}])) == message


def test_docred_without_labels_is_no_document_without_relations(tmp_path):
    article = _article()
    del article["labels"]

    assert _error("docred", _whole(tmp_path, [article])) == ":item 0: the key 'labels' is missing."


WINDOW = {
    "doc_key": "n1",
    "sentences": [["Rain", "hit", "Lodz", "."], ["Two", "bridges", "fell", "."]],
    "evt_triggers": [[6, 6, [["disaster.collapse.n/a", 1.0]]]],
    "gold_evt_links": [[[6, 6], [4, 5], "evt001arg01object"], [[6, 6], [2, 2], "evt001arg02place"]],
}


def test_rams_roles_lose_their_number_and_arguments_may_be_in_other_sentences(tmp_path):
    (document,) = _read("rams", _lines(tmp_path, WINDOW))

    assert _arguments(document) == [("disaster.collapse.n/a", "fell", [("object", "Two bridges", 16), ("place", "Lodz", 9)])]
    assert document.entities is None


@pytest.mark.parametrize(
    ("links", "message"),
    [
        ([[[6, 6], [2, 2], "place"]], ":1: gold_evt_links: expected a role such as 'evt089arg02place', found 'place'."),
        ([[[5, 5], [2, 2], "evt001arg02place"]], ":1: gold_evt_links: expected one trigger at [5, 5], found 0."),
        ([[[6, 6], [8, 8], "evt001arg02place"]], ":1: tokens 8 to 9 (exclusive): there are 8, counted from 0."),
    ],
)
def test_what_is_no_rams_is_refused(tmp_path, links, message):
    assert _error("rams", _lines(tmp_path, {**WINDOW, "gold_evt_links": links})) == message


def _sentence():
    return {
        "sent_id": "d1-0",
        "tokens": ["Ann", "'s", "son", "left", "Rome"],
        "entity_mentions": [
            {"id": "E1", "start": 0, "end": 3, "text": "Ann's son", "entity_type": "PER", "mention_type": "NOM"},
            {"id": "E2", "start": 4, "end": 5, "text": "Rom", "entity_type": "GPE", "mention_type": "UNK"},
        ],
        "relation_mentions": [
            {
                "relation_type": "PHYS",
                "arguments": [{"entity_id": "E2", "role": "Arg-2"}, {"entity_id": "E1", "role": "Arg-1"}],
            }
        ],
        "event_mentions": [
            {
                "event_type": "Movement:Leave",
                "trigger": {"start": 3, "end": 4, "text": "left"},
                "arguments": [{"entity_id": "E1", "role": "Agent", "text": "Ann's son"}],
            }
        ],
    }


def test_oneie_arguments_are_entities_by_id_and_a_text_that_is_not_there_has_no_place(tmp_path):
    (document,) = _read("oneie", _lines(tmp_path, _sentence()))

    assert _entities(document) == [("Ann 's son", 0, "PER"), ("Rom", None, "GPE")]
    assert [dict(entity.attributes) for entity in document.entities] == [{"mention_type": "NOM"}, {}]
    assert [(r.type, r.head, r.tail) for r in document.relations] == [("PHYS", 0, 1)]
    assert _arguments(document) == [("Movement:Leave", "left", [("Agent", "Ann 's son", 0)])]
    assert document.meta == {"ungrounded": 1, "place": 1}


def test_a_oneie_trigger_with_another_text_has_no_place_and_is_counted(tmp_path):
    row = _sentence()
    row["event_mentions"][0]["trigger"]["text"] = "leaving"

    (document,) = _read("oneie", _lines(tmp_path, row))

    assert document.events[0].trigger == Mention("leaving")
    assert document.meta == {"ungrounded": 2, "place": 1}


def test_oneie_refuses_unknown_and_repeated_ids_and_relations_of_one(tmp_path):
    unknown, repeated, lonely = _sentence(), _sentence(), _sentence()
    unknown["event_mentions"][0]["arguments"][0]["entity_id"] = "E9"
    repeated["entity_mentions"][1]["id"] = "E1"
    lonely["relation_mentions"][0]["arguments"].pop()

    assert _error("oneie", _lines(tmp_path, unknown)) == ":1: entity_id: no entity has the id 'E9'."
    assert _error("oneie", _lines(tmp_path, repeated)) == ":1: entity_mentions: the id 'E1' is there twice."
    assert (
        _error("oneie", _lines(tmp_path, lonely)) == ":1: relation_mentions: expected the arguments Arg-1 and Arg-2, found Arg-2."
    )


def _news():
    return {
        "doc_id": "n1",
        "text": "Flood in Lodz-BalutyTwo died",
        "sentences": [
            [[["Flood", 0, 5], ["in", 6, 8], ["Lodz", 9, 13], ["-", 13, 14], ["Baluty", 14, 20]], "Flood in Lodz-Baluty"],
            [[["Two", 22, 25], ["died", 26, 30]], "Two died"],
        ],
        "entity_mentions": [
            {"id": "n1-T1", "start": 2, "end": 5, "entity_type": "GPE", "mention_type": "UNK", "text": "Lodz-Baluty"},
            {"id": "n1-T2", "start": 5, "end": 6, "entity_type": "PER", "mention_type": "UNK", "text": "Two"},
        ],
        "relation_mentions": [],
        "event_mentions": [
            {
                "event_type": "Life.Die.Unspecified",
                "trigger": {"start": 6, "end": 7, "text": "died"},
                "arguments": [{"entity_id": "n1-T1", "role": "Place"}, {"entity_id": "n1-T2", "role": "Victim"}],
            },
            {"event_type": "Disaster.Flood.Unspecified", "trigger": {"start": 0, "end": 1, "text": "Flood"}, "arguments": []},
        ],
    }


def test_wikievents_gets_back_the_white_space_that_its_offsets_count(tmp_path):
    (document,) = _read("wikievents", _lines(tmp_path, _news()))

    assert document.text == "Flood in Lodz-Baluty\n\nTwo died"
    assert _entities(document) == [("Lodz-Baluty", 9, "GPE"), ("Two", 22, "PER")]
    assert _arguments(document) == [
        ("Life.Die.Unspecified", "died", [("Place", "Lodz-Baluty", 9), ("Victim", "Two", 22)]),
        ("Disaster.Flood.Unspecified", "Flood", []),
    ]
    assert (document.relations, document.clusters) == (None, None)


def test_wikievents_keeps_a_text_that_its_offsets_fit(tmp_path):
    (document,) = _read("wikievents", _lines(tmp_path, {**_news(), "text": "Flood in Lodz-Baluty  Two died"}))

    assert document.text == "Flood in Lodz-Baluty  Two died"


def test_wikievents_takes_clusters_from_the_file_beside_it(tmp_path):
    (tmp_path / "coref").mkdir()
    _lines(tmp_path, {"doc_key": "n1", "clusters": [["n1-T2", "n1-T1"]]}, name="coref/news.jsonlines")

    (document,) = _read("wikievents", _lines(tmp_path, _news()), coref="coref/news.jsonlines")

    assert document.clusters == ((1, 0),)


def test_wikievents_refuses_clusters_of_entities_that_are_not_there(tmp_path):
    _lines(tmp_path, {"doc_key": "n1", "clusters": [["n1-T7"]]}, name="coref.jsonlines")

    message = _error("wikievents", _lines(tmp_path, _news()), coref="coref.jsonlines")

    assert message == ":1: the file of clusters: no entity has the id 'n1-T7'."


def test_wikievents_refuses_offsets_that_are_wrong(tmp_path):
    far, token, mention = _news(), _news(), _news()
    far["sentences"][1][0][0][1:] = [10**9, 10**9 + 3]
    token["sentences"][0][0][0][2] = 4
    mention["entity_mentions"][0]["end"] = 4

    begins = ":1: sentences: sentence 1 begins 999999980 characters behind the one before it."
    assert _error("wikievents", _lines(tmp_path, far)) == begins
    assert _error("wikievents", _lines(tmp_path, token)) == ":1: sentences: token 'Flood' at 0..4, but 'Floo' stands there."
    message = ":1: document 'n1': mention 'Lodz-Baluty' at 9..14, but the text has 'Lodz-' there."
    assert _error("wikievents", _lines(tmp_path, mention)) == message


def _attack(shift=0, content="Nemo Mail leaked names."):
    def place(words, start, **more):
        return {"text": words, "startOffset": start + shift, "endOffset": start + len(words) + shift, **more}

    victim = place("Nemo Mail", 0, type="Organization", role={"type": "Victim"}, external_reference={"wikidataid": "Q1"})
    data = place("names", 17, type="Data", role={"type": "Compromised-Data"})
    first = {
        "type": "Attack",
        "subtype": "Databreach",
        "realis": "Actual",
        "nugget": place("leaked", 10),
        "argument": [victim, data],
    }
    second = {"type": "Attack", "subtype": "Phishing", "realis": "Generic", "nugget": place("leaked names", 10)}
    hoppers = [{"index": 0, "events": [first]}, {"index": 1, "events": [second]}]
    return {"sourcefile": "1.txt", "content": content, "cyberevent": {"hopper": hoppers}}


def test_casie_hoppers_and_realis_are_attributes_of_events(tmp_path):
    (document,) = _read("casie", _whole(tmp_path, _attack()))

    assert _arguments(document) == [
        ("Databreach", "leaked", [("Victim", "Nemo Mail", 0), ("Compromised-Data", "names", 17)]),
        ("Phishing", "leaked names", []),
    ]
    assert [dict(event.attributes) for event in document.events] == [
        {"type": "Attack", "realis": "Actual", "hopper": 0},
        {"type": "Attack", "realis": "Generic", "hopper": 1},
    ]
    assert _entities(document) == [("Nemo Mail", 0, "Organization"), ("names", 17, "Data")]
    assert [entity.norms for entity in document.entities] == [("wikidataid:Q1",), ()]
    assert document.meta == {}


@pytest.mark.parametrize("shift", [1, 2, -3])
def test_casie_documents_whose_offsets_are_all_off_by_as_much_are_repaired_and_counted(tmp_path, shift):
    straight, shifted = (_read("casie", _whole(tmp_path, _attack(by)))[0] for by in (0, shift))

    assert shifted.events == straight.events
    assert shifted.entities == straight.entities
    assert shifted.meta == {"repaired": 4}


def test_casie_mentions_that_are_off_on_their_own_are_not_moved(tmp_path):
    row = _attack()
    row["cyberevent"]["hopper"][0]["events"][0]["nugget"]["startOffset"] += 1

    (document,) = _read("casie", _whole(tmp_path, row))

    assert document.events[0].trigger == Mention("leaked")
    assert document.meta == {"ungrounded": 1}


def test_casie_files_that_are_cut_off_or_wrong_are_refused_by_name(tmp_path):
    row = _attack()
    del row["cyberevent"]["hopper"][0]["events"][0]["realis"]
    cut = tmp_path / "cut.json"
    cut.write_text('{"content": "Nemo')

    assert _error("casie", _whole(tmp_path, row)) == ":1: the key 'realis' is missing."
    assert _error("casie", _whole(tmp_path, [])) == ":1: expected an object, found []."
    unterminated = ": not JSON: Unterminated string starting at: line 1 column 13 (char 12); expected one object."
    assert _error("casie", cut) == unterminated


FILING = {
    "sentences": ["股东安娜增持十股。", "安娜共持股。"],
    "ann_mspan2dranges": {"安娜": [[0, 2, 4], [1, 0, 2]], "十股": [[0, 6, 8]], "百股": [[0, 6, 8]]},
    "ann_mspan2guess_field": {"安娜": "EquityHolder", "十股": "TradedShares"},
    "recguid_eventname_eventdict_list": [
        [0, "EquityOverweight", {"EquityHolder": "安娜", "TradedShares": "十股", "LaterHoldingShares": "千股", "StartDate": None}]
    ],
}


def test_doc2edag_has_no_triggers_and_places_only_what_stands_at_one(tmp_path):
    (document,) = _read("doc2edag", _whole(tmp_path, [["f1", FILING]]))

    assert (document.id, document.text) == ("f1", "股东安娜增持十股。\n安娜共持股。")
    assert _entities(document) == [
        ("安娜", 2, "EquityHolder"),
        ("安娜", 10, "EquityHolder"),
        ("十股", 6, "TradedShares"),
        ("百股", None, None),
    ]
    fillers = [("EquityHolder", "安娜", None), ("TradedShares", "十股", 6), ("LaterHoldingShares", "千股", None)]
    assert _arguments(document) == [("EquityOverweight", None, fillers)]
    assert document.meta == {"ungrounded": 1, "place": "item 0"}


def test_doc2edag_of_docee_counts_tokens_and_names_its_trigger_as_a_role(tmp_path):
    row = {
        "sentences": ["It rained .", "Two bridges fell ."],
        "ann_mspan2dranges": {"Two bridges": [[1, 0, 2]], "fell": [[1, 2, 3]]},
        "ann_mspan2guess_field": {"Two bridges": "FAC", "fell": "Trigger"},
        "recguid_eventname_eventdict_list": [[0, "collapse", {"Object": "Two bridges", "Place": None, "Trigger": "fell"}]],
    }

    (document,) = _read("doc2edag", _whole(tmp_path, [["d1", row]]), unit="tokens")

    assert _entities(document) == [("Two bridges", 12, "FAC")]
    assert _arguments(document) == [("collapse", "fell", [("Object", "Two bridges", 12)])]


def test_what_is_no_doc2edag_is_refused(tmp_path):
    row = copy.deepcopy(FILING)
    row["ann_mspan2dranges"]["十股"] = [[2, 6, 8]]

    message = ":item 0: ann_mspan2dranges: '十股': there are 2 sentences, found 2."
    assert _error("doc2edag", _whole(tmp_path, [["f1", row]])) == message
    assert _error("doc2edag", _whole(tmp_path, [["f1"]])) == ":item 0: expected an object, found ['f1']."
    with pytest.raises(CorpusError, match=r"file\.json: expected an array of \[id, object\], found an object\.$"):
        _read("doc2edag", _whole(tmp_path, {"f1": FILING}))


def test_a_mention_within_a_sentence_ends_with_it():
    whole = sentences_text([["a", "b"], ["c"]], "space")

    assert whole.mention_in(1, 0, 1) == Mention("c", 4, 5)
    with pytest.raises(CorpusError, match=r"^tokens 1 to 3 \(exclusive\): there are 2, counted from 0\.$"):
        whole.mention_in(0, 1, 3)


@pytest.mark.parametrize(("name", "start"), [("3.5%", 0), ("3.5\u00a0 %", 0), ("3.6 %", None)])
def test_names_may_differ_from_tokens_in_white_space_only(name, start):
    assert named(Mention("3.5 %", 0, 5), name).start == start

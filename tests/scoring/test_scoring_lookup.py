from scoring_documents import at, event, ner, related

from uie.documents import Document, Mention
from uie.scoring.lookup import Lookup
from uie.scoring.score import score


def found(document: Document) -> list[tuple[str, int | None, str | None]]:
    return [(entity.mention.text, entity.mention.start, entity.type) for entity in document.entities or ()]


def test_known_strings_are_found_longest_first_from_left_to_right() -> None:
    train = "We saw York and New York City."
    lookup = Lookup.learn(
        [
            ner("a", train, (at(train, "New York City"), "LOC"), (at(train, "York"), "PER")),
            ner("b", "York, York, York", *[(at("York, York, York", "York", n), "PER") for n in (1, 2, 3)]),
            ner("d", "New York", (Mention("New York", 0, 8), "STATE")),
            ner("e", "New York", (Mention("New York", 0, 8), "STATE")),
        ]
    )

    predicted = lookup.predict(Document("c", "New York City, York, Yorkshire, york"))

    assert found(predicted) == [("New York City", 0, "LOC"), ("York", 15, "PER")]


def test_a_string_needs_its_type_at_more_than_half_of_its_places() -> None:
    lookup = Lookup.learn(
        [
            ner("a", "May may come in May.", (Mention("May", 0, 3), "PER")),  # 1 of 2 places: not more than half
            ner("b", "Jo, Jo, Jo", (Mention("Jo", 0, 2), "PER"), (Mention("Jo", 4, 6), "PER")),  # 2 of 3
        ]
    )

    assert found(lookup.predict(Document("c", "May met Jo"))) == [("Jo", 8, "PER")]


def test_the_most_frequent_asked_type_counts() -> None:
    text = "Ford, Ford, Ford"
    lookup = Lookup.learn([ner("a", text, *[(at(text, "Ford", n), "ORG") for n in (1, 2)], (at(text, "Ford", 3), "PER"))])
    document = Document("b", "Ford")

    assert found(lookup.predict(document)) == [("Ford", 0, "ORG")]
    assert found(lookup.predict(document, {"entities": ["ORG"]})) == [("Ford", 0, "ORG")]
    assert found(lookup.predict(document, {"entities": ["PER"]})) == []  # one of three places is not more than half


def test_chinese_strings_are_found_within_the_line() -> None:
    lookup = Lookup.learn([ner("a", "他在北京大学。", (Mention("北京大学", 2, 6), "ORG"))])

    assert found(lookup.predict(Document("b", "我爱北京大学的树"))) == [("北京大学", 2, "ORG")]


def test_a_corpus_is_known_by_its_own_training_documents_only() -> None:
    lookup = Lookup.learn([ner("a", "Rome", (Mention("Rome", 0, 4), "LOC"), dataset="one")])

    assert found(lookup.predict(Document("b", "Rome", dataset="one"))) == [("Rome", 0, "LOC")]
    assert found(lookup.predict(Document("b", "Rome", dataset="two"), {"entities": ["LOC"]})) == []


def test_known_triples_are_predicted_where_both_strings_stand() -> None:
    train = "Ann works for Acme. Bob left Acme."
    lookup = Lookup.learn(
        [related("a", train, (at(train, "Ann"), "works for", at(train, "Acme")), (at(train, "Bob"), "left", at(train, "Acme")))]
    )

    predicted = lookup.predict(Document("b", "Acme fired Ann."), {"relations": ["works for", "left"]})

    assert found(predicted) == [("Ann", 11, None), ("Acme", 0, None)]
    assert [(r.type, r.head, r.tail) for r in predicted.relations or ()] == [("works for", 0, 1)]
    assert (predicted.events, predicted.problems, predicted.asked) == (None, (), {"relations": ["works for", "left"]})


def test_relations_use_the_entities_that_were_found() -> None:
    train = "Ann works for Acme."
    triple = (at(train, "Ann"), "works for", at(train, "Acme"))
    lookup = Lookup.learn([related("a", train, triple, types={"Ann": "PER", "Acme": "ORG"})])

    predicted = lookup.predict(Document("b", train))

    assert found(predicted) == [("Ann", 0, "PER"), ("Acme", 14, "ORG")]
    assert [(r.type, r.head, r.tail) for r in predicted.relations or ()] == [("works for", 0, 1)]


def test_known_triggers_make_events_with_known_arguments() -> None:
    train = "Rebels hit Homs at dawn."
    hit = event("attack", at(train, "hit"), ("by", at(train, "Rebels")), ("place", at(train, "Homs")))
    lookup = Lookup.learn([Document("a", train, events=(hit,))])
    text = "In Homs, hit again, Homs burnt."

    everything = lookup.predict(Document("b", text))
    one_role = lookup.predict(Document("b", text), {"events": {"attack": {"roles": ["by"]}}})

    assert everything.events == (event("attack", at(text, "hit"), ("place", at(text, "Homs"))),)
    assert everything.entities is None
    assert one_role.events == (event("attack", at(text, "hit")),)


def test_unseen_texts_get_nothing_and_still_score() -> None:
    gold = ner("b", "Oslo", (Mention("Oslo", 0, 4), "LOC"))
    lookup = Lookup.learn([ner("a", "Rome", (Mention("Rome", 0, 4), "LOC"))])

    scores = score([gold], [lookup.predict(gold, {"lang": "en"})])

    assert (scores.rows[0].counts.f1, scores.rows[0].counts.gold) == (0.0, 1)

"""Files that other tools leave after predicting, scored by string rules and on Documents."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from uie.documents import Document, document_to_json
from uie.errors import RecordError, SettingsError
from uie.extraction.outputs import Outputs, read_outputs
from uie.scoring.counts import Counts
from uie.scoring.score import score
from uie.scoring.scores import Scores

Json = dict[str, Any]
CORPORA = os.environ.get("UIE_CORPORA")


def lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def array(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(list(rows), ensure_ascii=False), encoding="utf-8")
    return path


def scored(found: Outputs, rule: str = "") -> Scores:
    return score(found.gold, found.predicted, rule=rule or found.rule, answers=found.answers)


def counts(found: Outputs, rule: str = "", measure: str = "entities") -> Counts:
    (row,) = (row for row in scored(found, rule).rows if row.measure == measure)
    return Counts(row.counts.true_positive, row.counts.false_positive, row.counts.false_negative)


def instance(task: str, sentence: str, gold: str, predicted: str, options: str = "person, location", **more: str) -> Json:
    """A line of InstructUIE's predict_eval_predictions.jsonl."""
    instruction = f"Name what fits. \nOption: {options} \nText: {{0}} \nAnswer:"
    told = {"id": "0", "sentence": sentence, "label": gold, "ground_truth": gold, "instruction": instruction, **more}
    return {"Task": task, "Dataset": "news", "Instance": told, "Prediction": predicted}


class TestInstructUIE:
    rows = (
        instance("NER", "Ann met Bob in Rome.", " person: Ann; person: Bob; location: Rome", "person: Ann; location: Bob"),
        instance("NER", "Nobody came.", " None", "None"),
        instance("NER", "Kim left.", " person: Kim", "person: Jim"),
    )

    def test_its_own_rule_gets_the_strings(self, tmp_path: Path) -> None:
        found = read_outputs(lines(tmp_path / "predict_eval_predictions.jsonl", self.rows))

        assert found.layout == "instructuie"
        # "person: ann", and the rightly empty answer; "location: bob" and "person: jim" are wrong; two and one are missed.
        assert counts(found, "instructuie") == Counts(2, 2, 3)
        assert counts(found, "b2ner") == Counts(1, 2, 3)

    def test_other_rules_get_documents(self, tmp_path: Path) -> None:
        found = read_outputs(lines(tmp_path / "out.jsonl", self.rows))

        assert counts(found) == counts(found, "strict") == Counts(1, 2, 3)
        assert [document.id for document in found.predicted] == ["out#1", "out#2", "out#3"]
        assert [entity.mention.start for entity in found.gold[0].entities or ()] == [0, 8, 15]
        assert [problem["kind"] for document in found.predicted for problem in document.problems or ()] == ["ungrounded"]

    def test_the_notes_say_where_gold_came_from(self, tmp_path: Path) -> None:
        path = lines(tmp_path / "out.jsonl", self.rows)

        found = read_outputs(path)

        assert found.rule == "string"
        assert found.gold_from == "the gold answers of the file"
        assert found.notes == (
            f"{path}: 3 answers of layout 'instructuie', read as NER as 'typed.instructuie'.",
            "gold was read from answers, which say no offsets; its mentions were placed in the texts as the parser places predicted "
            "ones: figures by offsets (strict) are not those of annotated offsets.",
        )

    def test_the_options_are_what_was_asked(self, tmp_path: Path) -> None:
        row = instance("NER", "Ann ran.", " person: Ann", "animal: Ann", options="person, location")

        found = read_outputs(lines(tmp_path / "out.jsonl", [row]))

        (predicted,) = found.predicted
        assert list((predicted.asked or {})["entities"]) == ["person", "location"]
        assert [problem["kind"] for problem in predicted.problems or ()] == ["unknown_type"]

    def test_gold_of_a_label_that_was_no_option_still_counts(self, tmp_path: Path) -> None:
        row = instance("NER", "Ann saw Rex.", " person: Ann; animal: Rex", "person: Ann", options="person")

        assert counts(read_outputs(lines(tmp_path / "out.jsonl", [row]))) == Counts(1, 0, 1)

    def test_relations_that_are_none_are_compared_by_its_rule_and_no_gold_elsewhere(self, tmp_path: Path) -> None:
        row = instance("RE", "Ann met Bob.", " None", "None", options="married to", ground_truth=" NA: Ann, Bob")

        found = read_outputs(lines(tmp_path / "out.jsonl", [row]))

        assert counts(found, "instructuie", "relations boundary") == Counts(0, 0, 1)
        assert counts(found, "string", "relations boundary") == Counts(0, 0, 0)

    @pytest.mark.parametrize(
        ("task", "options", "gold", "predicted", "measure", "expected"),
        [
            (
                "RE",
                "born in",
                " born in: Ann, Rome",
                "born in: Ann, Rome; born in: Bob, Rome",
                "relations boundary",
                Counts(1, 1, 0),
            ),
            ("EET", "meet, leave", " meet: met", "meet: met", "trigger classification", Counts(1, 0, 0)),
            (
                "EE",
                "Event type: ['meet', 'leave'], Arguments type: ['who', 'where'].",
                " ( meet: met,  Ann: who, Rome: where) ",
                "( meet: met, Ann: who, Bob: where)",
                "argument classification",
                Counts(1, 1, 1),
            ),
        ],
    )
    def test_other_tasks_are_read(
        self, tmp_path: Path, task: str, options: str, gold: str, predicted: str, measure: str, expected: Counts
    ) -> None:
        row = instance(task, "Ann met Bob in Rome.", gold, predicted, options)

        assert counts(read_outputs(lines(tmp_path / "out.jsonl", [row])), measure=measure) == expected

    def test_arguments_belong_to_the_event_that_the_instruction_gives(self, tmp_path: Path) -> None:
        told = "Tell the arguments. \nEvent type: meet \n  Option: who, where \nText: {0} \nAnswer:"
        row = instance("EEA", "Ann met Bob in Rome.", " Ann: who; Rome: where", "Ann: who; Bob: where", instruction=told)

        found = read_outputs(lines(tmp_path / "out.jsonl", [row]))

        assert [event.type for event in found.predicted[0].events or ()] == ["meet"]
        assert counts(found, measure="argument classification") == Counts(1, 1, 1)
        assert counts(found, "instructuie", "argument classification") == Counts(1, 1, 1)

    def test_the_first_wording_is_known_by_gold_answers(self, tmp_path: Path) -> None:
        rows = [
            instance("NER", "Ann met Bob.", "(Ann, person), (Bob, person)", "(Ann, person)"),
            instance("NER", "No.", "None", "None"),
        ]

        found = read_outputs(lines(tmp_path / "out.jsonl", rows))

        assert {answer.format for answer in found.answers} == {"tuples.seed000"}
        assert counts(found) == Counts(1, 0, 1)

    def test_its_data_gives_annotated_offsets(self, tmp_path: Path) -> None:
        """The second Rome is annotated; an answer cannot say which is meant, and is placed at the first."""
        row = instance("NER", "Rome is not Rome.", " location: Rome", "location: Rome")
        entity = {"name": "Rome", "type": "location", "pos": [12, 16]}
        tree = tmp_path / "data"
        array(tree / "NER" / "news" / "test.json", [{"sentence": "Rome is not Rome.", "entities": [entity]}])
        path = lines(tmp_path / "out.jsonl", [row])

        found, alone = read_outputs(path, data=tree), read_outputs(path, data=tree / "NER" / "news" / "test.json")

        assert found.rule == alone.rule == "auto"
        assert counts(found) == counts(alone) == Counts(0, 1, 1)
        assert counts(found, "string") == Counts(1, 0, 0)
        assert found.gold_from == str(tree)
        assert found.gold[0].id == "NER/news/test/0"

    def test_gold_documents_are_found_by_their_texts(self, tmp_path: Path) -> None:
        """Of equal texts the n-th row is the n-th document."""
        texts = ["Ann ran.", "Bob ran.", "Ann ran."]
        rows = [instance("NER", text, "None", f"person: {text[:3]}") for text in (texts[1], texts[0], texts[2])]
        documents = [
            {"id": f"d{n}", "dataset": "news", "text": text, "entities": []} for n, text in enumerate([*texts, "Kim ran."])
        ]
        gold = lines(tmp_path / "gold.jsonl", documents)

        found = read_outputs(lines(tmp_path / "out.jsonl", rows), gold=gold)

        assert [document.id for document in found.predicted] == ["d1", "d0", "d2"]
        assert [document.id for document in found.gold] == ["d0", "d1", "d2"]
        assert found.notes[-1] == f"{gold}: documents that were not predicted, and are not scored: 1."

    def test_a_text_that_gold_lacks_is_an_error(self, tmp_path: Path) -> None:
        gold = lines(tmp_path / "gold.jsonl", [{"id": "d", "text": "Ann ran.", "entities": []}])
        path = lines(tmp_path / "out.jsonl", [instance("NER", "Ann ran.", "None", "None")] * 3)

        with pytest.raises(RecordError) as error:
            read_outputs(path, gold=gold)

        assert str(error.value) == (
            f"{path}:2: {gold} has no document (left) of the text 'Ann ran.', nor of 1 further rows; "
            "give the gold of what was predicted, with the same texts."
        )

    def test_gold_with_other_labels_is_refused(self, tmp_path: Path) -> None:
        entity = {"start": 0, "end": 3, "text": "Ann", "type": "PER"}
        gold = lines(tmp_path / "gold.jsonl", [{"id": "d", "text": "Ann ran.", "entities": [entity]}])
        path = lines(tmp_path / "out.jsonl", [instance("NER", "Ann ran.", " person: Ann", "person: Ann", options="person")])

        with pytest.raises(RecordError) as error:
            read_outputs(path, gold=gold)

        assert str(error.value) == (
            f"{gold}: its labels (PER) are none of those that were asked (person); give gold Documents with the labels that the answers use."
        )

    def test_a_folder_stands_for_its_prediction_file(self, tmp_path: Path) -> None:
        lines(tmp_path / "predict_eval_predictions.jsonl", self.rows)
        lines(tmp_path / "0.jsonl", [{"other": 1}])

        assert len(read_outputs(tmp_path).answers) == 3


class TestSeed000:
    def test_a_line_says_sentence_and_label_only(self, tmp_path: Path) -> None:
        row = {
            "Task": "RE",
            "Dataset": "news",
            "Instance": {"sentence": "Ann was born in Rome.", "label": "(Ann, born in, Rome)"},
            "Prediction": "(Ann, born in, Rome), (Rome, born in, Ann)",
        }

        found = read_outputs(lines(tmp_path / "0.jsonl", [row]))

        assert found.layout == "seed000"
        assert found.predicted[0].text == "Ann was born in Rome."
        assert counts(found, measure="relations boundary") == Counts(1, 1, 0)

    def test_a_sentence_may_be_the_whole_question(self, tmp_path: Path) -> None:
        question = "Task: NER\nDataset: news\nPlease name them. \nOption:person,location \nText: Ann met Bob.\nAnswer: "
        row = {
            "Task": "NER",
            "Dataset": "news",
            "Instance": {"sentence": question, "label": "(Ann, person), (Bob, person)"},
            "Prediction": "(Ann, person), (Bob, animal)",
        }

        (predicted,) = read_outputs(lines(tmp_path / "0.jsonl", [row])).predicted

        assert predicted.text == "Ann met Bob."
        assert list((predicted.asked or {})["entities"]) == ["person", "location"]
        assert [problem["kind"] for problem in predicted.problems or ()] == ["unknown_type"]

    def test_the_files_of_several_processes_are_one(self, tmp_path: Path) -> None:
        row = {"Task": "NER", "Dataset": "news", "Instance": {"sentence": "No.", "label": "None"}, "Prediction": "None"}
        for number in (0, 2, 10):
            lines(tmp_path / f"{number}.jsonl", [row])

        assert [document.id for document in read_outputs(tmp_path).gold] == ["0#1", "2#1", "10#1"]


def question(schema: Any, text: str, told: str = "Extract.") -> str:
    return json.dumps({"instruction": told, "schema": schema, "input": text}, ensure_ascii=False)


class TestIEPile:
    label = json.dumps([{"entity": "王明", "entity_type": "人物"}, {"entity": "北京", "entity_type": "地点"}], ensure_ascii=False)

    def rows(self, first: str, second: str) -> list[Json]:
        """One text, asked for two parts of the schema."""
        parts = (["人物", "机构"], ["地点"])
        return [
            {"id": "a1", "instruction": question(part, "王明在北京。"), "label": self.label, "output": output}
            for part, output in zip(parts, (first, second), strict=True)
        ]

    def test_the_batches_of_one_text_are_one_document(self, tmp_path: Path) -> None:
        rows = self.rows('{"人物": ["王明"], "机构": ["北京"]}', '{"地点": ["北京"]}')

        found = read_outputs(lines(tmp_path / "out.json", rows))

        assert found.layout == "iepile"
        assert [(document.id, document.lang, document.text) for document in found.predicted] == [("a1", "zh", "王明在北京。")]
        assert counts(found, "iepile") == counts(found, "strict") == Counts(2, 1, 0)

    def test_a_batch_that_is_no_json_is_empty_for_its_rule(self, tmp_path: Path) -> None:
        found = read_outputs(lines(tmp_path / "out.json", self.rows('{"人物": ["王明"], "机构": []', '{"地点": ["北京"]}')))

        assert counts(found, "iepile") == Counts(1, 0, 1)
        assert counts(found, "string") == Counts(2, 0, 0)  # our parser closes the bracket

    def test_what_no_batch_asks_for_still_counts(self, tmp_path: Path) -> None:
        rows = self.rows('{"人物": ["王明"], "机构": []}', "")[:1]

        found = read_outputs(lines(tmp_path / "out.json", rows))

        assert counts(found, "iepile") == counts(found, "strict") == Counts(1, 0, 1)

    def test_one_id_of_two_sources_is_two_documents(self, tmp_path: Path) -> None:
        row = self.rows('{"人物": ["王明"], "机构": []}', "")[0]

        found = read_outputs(lines(tmp_path / "out.json", [{**row, "source": "甲"}, {**row, "source": "乙"}]))

        assert [(document.id, document.dataset) for document in found.gold] == [("甲/a1", "甲"), ("乙/a1", "乙")]

    def test_an_answer_that_repeats_its_question_begins_behind_it(self, tmp_path: Path) -> None:
        (row,) = self.rows("", "")[:1]
        row["output"] = f"[INST] {row['instruction']} [/INST] " + '{"人物": ["王明"], "机构": []}'

        (answer,) = read_outputs(lines(tmp_path / "out.json", [row])).answers

        assert answer.predicted == '{"人物": ["王明"], "机构": []}'

    @pytest.mark.parametrize(
        ("schema", "label", "output", "measure", "expected"),
        [
            (
                ["职业", "配偶"],
                [{"head": "王明", "relation": "职业", "tail": "画家"}],
                {"职业": [{"subject": "王明", "object": "画家"}], "配偶": [{"subject": "王明", "object": "画家"}]},
                "relations boundary",
                Counts(1, 1, 0),
            ),
            (
                [{"subject_type": "人物", "predicate": "职业", "object_type": "工作"}],
                [{"head": "王明", "head_type": "人物", "relation": "职业", "tail": "画家", "tail_type": "工作"}],
                {"职业": [{"subject": "王明", "object": "画家"}]},
                "relations boundary",
                Counts(1, 0, 0),
            ),
            (
                [{"event_type": "当选", "trigger": True, "arguments": ["人", "时间"]}],
                [{"event_trigger": "成为", "event_type": "当选", "arguments": [{"argument": "王明", "role": "人"}]}],
                {"当选": [{"trigger": "成为", "arguments": {"人": "画家", "时间": "NAN"}}]},
                "argument classification",
                Counts(0, 1, 1),
            ),
            (
                [{"event_type": "当选", "arguments": ["人", "时间"]}],
                [{"event_trigger": "成为", "event_type": "当选", "arguments": [{"argument": "王明", "role": "人"}]}],
                {"当选": [{"trigger": "成为", "arguments": {"人": "王明", "时间": "NAN"}}]},
                "argument classification",
                Counts(1, 0, 0),
            ),
            (
                ["当选", "落选"],
                [{"event_trigger": "成为", "event_type": "当选", "arguments": []}],
                {"当选": ["成为"], "落选": ["成为"]},
                "trigger classification",
                Counts(1, 1, 0),
            ),
            (
                [{"entity_type": "人物", "attributes": ["职业", "配偶"]}],
                [{"head": "王明", "relation": "职业", "tail": "画家"}, {"head": "王明", "relation": "职业", "tail": "成为"}],
                {"人物": {"王明": {"职业": ["画家"], "配偶": "画家"}}},
                "relations boundary",
                Counts(1, 1, 1),
            ),
        ],
        ids=["RE", "SPO", "EE", "EEA", "EET", "KG"],
    )
    def test_every_task_is_known_by_its_schema_or_label(
        self, tmp_path: Path, schema: Any, label: Any, output: Any, measure: str, expected: Counts
    ) -> None:
        row = {
            "id": "a",
            "instruction": question(schema, "王明成为画家。"),
            "label": json.dumps(label),
            "output": json.dumps(output),
        }

        found = read_outputs(lines(tmp_path / "out.json", [row]))

        assert counts(found, "iepile", measure) == counts(found, "string", measure) == expected

    def test_where_nothing_says_the_task_the_option_is_named(self, tmp_path: Path) -> None:
        row = {"id": "a", "instruction": question(["人物"], "没有人。"), "label": "[]", "output": '{"人物": []}'}
        path = lines(tmp_path / "out.json", [row])

        with pytest.raises(RecordError) as error:
            read_outputs(path)

        assert str(error.value) == f"{path}:1: nothing says which task it is; name it with --task, such as --task NER."
        assert counts(read_outputs(path, task="NER")) == Counts(0, 0, 0)

    def test_answers_alone_are_joined_with_the_test_file(self, tmp_path: Path) -> None:
        rows = self.rows('{"人物": ["王明"], "机构": []}', '{"地点": []}')
        asked = lines(tmp_path / "test.json", ({k: v for k, v in row.items() if k != "output"} for row in rows))
        path = lines(tmp_path / "out.json", ({"id": row["id"], "output": row["output"]} for row in rows))

        assert counts(read_outputs(path, data=asked), "iepile") == Counts(1, 0, 1)

    def test_answers_of_another_order_than_the_test_file_are_refused(self, tmp_path: Path) -> None:
        rows = self.rows("{}", "{}")
        asked = lines(tmp_path / "test.json", rows)
        path = lines(tmp_path / "out.json", [{"id": "a1", "output": "{}"}, {"id": "a2", "output": "{}"}])

        with pytest.raises(RecordError) as error:
            read_outputs(path, data=asked)

        assert str(error.value) == (
            f"{path}:2: id 'a2', but row 2 of {asked} has 'a1'; give the test file that was predicted, in its order."
        )

    def test_two_labels_of_one_id_are_refused(self, tmp_path: Path) -> None:
        rows = self.rows("{}", "{}")
        rows[1]["label"] = "[]"
        path = lines(tmp_path / "out.json", rows)

        with pytest.raises(RecordError) as error:
            read_outputs(path)

        assert str(error.value) == f"{path}:2: its label is not that of {path}:1, which has the same source and id."


class TestLLaMAFactory:
    data = (
        {"instruction": "Name them.", "input": "Ann met Bob.", "output": "Ann_person\nBob_person"},
        {"instruction": "Name them.", "input": "Rain fell.", "output": "None"},
    )

    def predictions(self, *answers: str) -> list[Json]:
        prompts = (f"user\n{row['instruction']}\n{row['input']}\nassistant\n" for row in self.data)
        return [
            {"prompt": prompt, "predict": answer, "label": row["output"]}
            for prompt, answer, row in zip(prompts, answers, self.data, strict=False)
        ]

    def test_predictions_are_joined_with_their_data_by_order(self, tmp_path: Path) -> None:
        data = array(tmp_path / "data.json", self.data)
        path = lines(tmp_path / "generated_predictions.jsonl", self.predictions("Ann_person\nRome_person", "None"))

        found = read_outputs(path, data=data, task="NER", format="lines")

        assert found.layout == "llamafactory"
        assert [document.text for document in found.predicted] == ["Ann met Bob.", "Rain fell."]
        assert counts(found) == Counts(1, 1, 1)

    def test_conversations_are_data_too(self, tmp_path: Path) -> None:
        turns = [
            [{"from": "human", "value": f"Name them.\n{row['input']}"}, {"from": "gpt", "value": row["output"]}]
            for row in self.data
        ]
        data = array(tmp_path / "data.json", ({"conversations": one} for one in turns))
        path = lines(tmp_path / "generated_predictions.jsonl", self.predictions("Ann_person", "None"))

        assert counts(read_outputs(path, data=data, task="NER", format="lines")) == Counts(1, 0, 1)

    def test_a_folder_with_dataset_info_is_data_too(self, tmp_path: Path) -> None:
        array(tmp_path / "data" / "a.json", self.data)
        (tmp_path / "data" / "dataset_info.json").write_text('{"a": {"file_name": "a.json"}}', encoding="utf-8")
        path = lines(tmp_path / "generated_predictions.jsonl", self.predictions("Ann_person", "None"))

        found = read_outputs(path, data=tmp_path / "data", task="NER", format="lines")

        assert counts(found) == Counts(1, 0, 1)
        assert found.gold[0].dataset == "a"

    def test_our_records_say_all_and_have_gold_documents(self, tmp_path: Path) -> None:
        document = Document("d", "Ann met Ann.", "news", entities=())
        record = {
            "instruct": "Name them.",
            "query": "Ann met Ann.",
            "answer": "None",
            "id": "d#NER",
            "task": "NER",
            "format": "lines",
            "text": "Ann met Ann.",
            "schema": {"entities": ["person"]},
            "source": {"document_id": "d"},
        }
        (tmp_path / "documents").mkdir()
        lines(tmp_path / "documents" / "test.jsonl", [document_to_json(document)])
        data = lines(tmp_path / "test.jsonl", [record])
        path = lines(tmp_path / "generated_predictions.jsonl", [{"predict": "Ann_person", "label": "None"}])

        found = read_outputs(path, data=data)

        assert (found.gold, found.rule) == ((document,), "auto")
        assert found.gold_from == str(tmp_path / "documents" / "test.jsonl")
        assert counts(found) == Counts(0, 1, 0)

    def test_training_rows_of_iepile_say_their_text_and_schema(self, tmp_path: Path) -> None:
        row = {"task": "NER", "source": "甲", "instruction": question(["人物"], "王明来了。"), "output": '{"人物": ["王明"]}'}
        data = array(tmp_path / "data.json", [row])
        path = lines(tmp_path / "out.jsonl", [{"predict": '{"人物": ["明来"]}', "label": row["output"]}])

        found = read_outputs(path, data=data)

        assert found.predicted[0].text == "王明来了。"
        assert counts(found, "iepile") == counts(found, "strict") == Counts(0, 1, 1)

    def test_fewer_predictions_than_questions_are_the_first_ones(self, tmp_path: Path) -> None:
        data = array(tmp_path / "data.json", self.data)
        path = lines(tmp_path / "out.jsonl", self.predictions("Ann_person"))

        found = read_outputs(path, data=data, task="NER", format="lines")

        assert found.notes[1] == f"{data}: the first 1 of 2 questions were predicted; the others are not scored."

    def test_a_label_that_is_cut_off_fits_and_is_told(self, tmp_path: Path) -> None:
        data = array(tmp_path / "data.json", self.data)
        rows = self.predictions("Ann_person", "None")
        rows[0]["label"] = "Ann_person\nBo"

        found = read_outputs(lines(tmp_path / "out.jsonl", rows), data=data, task="NER", format="lines")

        assert found.notes[1] == f"{data}: labels that are cut off (cutoff_len); gold are the data's whole answers: 1."
        assert counts(found) == Counts(1, 0, 1)

    def test_another_order_is_refused(self, tmp_path: Path) -> None:
        data = array(tmp_path / "data.json", self.data)
        path = lines(tmp_path / "out.jsonl", reversed(self.predictions("Ann_person", "None")))

        with pytest.raises(RecordError) as error:
            read_outputs(path, data=data, task="NER", format="lines")

        assert str(error.value) == (
            f"{path}:1: label 'None', but {data} has 'Ann_person\\nBob_person' in its place (2 of 2 rows differ); "
            "give the data file that was predicted, in its order."
        )

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({}, "{path}:1: says neither text nor task; name the data file it was predicted from with --data."),
            (
                {"data": True, "format": "lines"},
                "{data}: does not say which task its questions ask; name it with --task, such as --task NER.",
            ),
            (
                {"data": True, "task": "NER"},
                "{data}: does not say how its answers are written; name the format with --format, such as --format json.",
            ),
        ],
    )
    def test_what_is_not_known_names_its_option(self, tmp_path: Path, options: Json, message: str) -> None:
        data = array(tmp_path / "data.json", self.data)
        path = lines(tmp_path / "out.jsonl", self.predictions("Ann_person", "None"))

        with pytest.raises(RecordError) as error:
            read_outputs(path, **{**options, **({"data": data} if "data" in options else {})})

        assert str(error.value) == message.format(path=path, data=data)


def test_rows_of_no_known_layout_are_an_error(tmp_path: Path) -> None:
    path = lines(tmp_path / "out.jsonl", [{"text": "Ann", "answer": "x"}])

    with pytest.raises(RecordError) as error:
        read_outputs(path)

    assert str(error.value) == (
        f"{path}:1: the keys text, answer are of no known layout; expected the output of instructuie, seed000, iepile, llamafactory."
    )


def test_a_row_of_another_layout_is_not_dropped(tmp_path: Path) -> None:
    path = lines(tmp_path / "out.jsonl", [instance("NER", "No.", "None", "None"), {"predict": "x", "label": "y"}])

    with pytest.raises(RecordError) as error:
        read_outputs(path)

    assert str(error.value) == (
        f'{path}:2: the keys predict, label are not those of instructuie ({{"Task", "Dataset", "Instance", "Prediction"}}).'
    )


def test_a_layout_that_nobody_knows_has_neighbours(tmp_path: Path) -> None:
    path = lines(tmp_path / "out.jsonl", [instance("NER", "No.", "None", "None")])

    with pytest.raises(SettingsError) as error:
        read_outputs(path, layout="instructui")

    assert str(error.value) == (
        "No layout of outputs is named 'instructui'. Did you mean 'instructuie'? Known: iepile, instructuie, llamafactory, seed000."
    )


def test_gold_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = lines(tmp_path / "out.jsonl", [instance("NER", "Ann met Bob.", " person: Ann; what is this", "person: Ann")])

    found = read_outputs(path)

    assert found.notes[1] == "gold answers: pieces that could not be read, and are missing in gold: 1, such as 'what is this'."


@pytest.mark.skipif(not CORPORA, reason="UIE_CORPORA is not set to the folder of the real corpora")
@pytest.mark.parametrize("task", ["NER", "RE", "SPO", "EE", "EET", "EEA", "KG"])
def test_gold_of_iepiles_test_files_scores_one(tmp_path: Path, task: str) -> None:
    """Rows of the project's own test files that answer with what their label says."""
    path = Path(CORPORA or "") / "iepile_samples" / task / "test.json"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    silent = read_outputs(lines(tmp_path / "silent.json", ({**row, "output": "{}"} for row in rows)), task=task)
    gold = iter(silent.answers)

    found = read_outputs(lines(tmp_path / "out.json", ({**row, "output": next(gold).gold} for row in rows)), task=task)

    assert len(found.answers) == len(rows) > 0
    assert len(found.gold) == len({row["id"] for row in rows})
    for rule in ("iepile", "string"):
        rows_scored = [row for row in scored(found, rule).rows if row.counts.gold]
        assert rows_scored
        assert {row.f1 for row in rows_scored} == {1.0}


@pytest.mark.skipif(not CORPORA, reason="UIE_CORPORA is not set to the folder of the real corpora")
@pytest.mark.parametrize(
    ("task", "dataset", "measure"), [("NER", "CrossNER_AI", "entities"), ("RE", "conll04", "relations boundary")]
)
def test_gold_of_instructuies_data_scores_one(tmp_path: Path, task: str, dataset: str, measure: str) -> None:
    """By string; by offsets some mentions are annotated at another place than the first."""
    tree = Path(CORPORA or "") / "instructuie_derived" / "IE_INSTRUCTIONS"
    rows = json.loads((tree / task / dataset / "test.json").read_text(encoding="utf-8"))
    options = ", ".join(json.loads((tree / task / dataset / "labels.json").read_text(encoding="utf-8")))
    written = []
    for row in rows:
        if task == "NER":
            items = [f"{entity['type']}: {entity['name']}" for entity in row["entities"]]
        else:
            items = [f"{one['type']}: {one['head']['name']}, {one['tail']['name']}" for one in row["relations"]]
        answer = f" {'; '.join(items) or 'None'}"
        written.append({**instance(task, row["sentence"], answer, answer.strip(), options), "Dataset": dataset})
    path = lines(tmp_path / "predict_eval_predictions.jsonl", written)

    strings, offsets = read_outputs(path), read_outputs(path, data=tree)

    assert len(strings.gold) == len(offsets.gold) == len(rows) > 200
    assert counts(strings, measure=measure).f1 == counts(offsets, "string", measure).f1 == 1.0
    assert 0.98 < counts(offsets, "strict", measure).f1 < 1.0

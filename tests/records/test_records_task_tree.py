"""A small tree in the layout of InstructUIE, its task configs and instructions → the mix and configs of a build."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from uie.corpora.reading import read_corpus
from uie.errors import CorpusError, PromptError, SettingsError
from uie.records.mix import MixCorpus
from uie.records.task_tree import Instruction, read_instructions, task_tree_mix
from uie.schema import EventLabel, Label

_CORPORA = os.environ.get("UIE_CORPORA")
NER = {"sentence": "Ann sings", "entities": [{"name": "Ann", "type": "person", "pos": [0, 3]}]}
RE = {
    "sentence": "Ann met Bo",
    "relations": [
        {"head": {"name": "Ann", "type": "p", "pos": [0, 3]}, "type": "met", "tail": {"name": "Bo", "type": "p", "pos": [8, 10]}}
    ],
}
EE = {"sentence": "They left", "events": [{"trigger": "left", "type": "go", "pos": [5, 9], "arguments": []}]}
TYPED = 'List the words as "type1: word1; type2: word2". \n'
TUPLES = "List the words as (word1, type1), (word2, type2). \n"


class Tree:
    """The three things a build is told, below `root`."""

    def __init__(self, root):
        self.root, self.data, self.configs, self.prompt = root, root / "data", root / "configs", root / "prompt.json"

    def dataset(self, name, rows, labels, splits=("train", "dev", "test")):
        for split in splits:
            self.write(f"data/{name}/{split}.json", rows)
        self.write(f"data/{name}/labels.json", labels)

    def tasks(self, **splits):
        """Each split as `{task: {dataset: strategy}}`."""
        for split in ("train", "dev", "test"):
            config = {
                task: [{"sampling strategy": strategy, "dataset name": name} for name, strategy in datasets.items()]
                for task, datasets in splits.get(split, {}).items()
            }
            self.write(f"configs/{split}_tasks.json", config)

    def instruct(self, **texts):
        self.write("prompt.json", {task: [{"instruction_type": "zero-shot", "instruction": text}] for task, text in texts.items()})

    def write(self, name, value):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")

    def mix(self, **options):
        return task_tree_mix(self.data, self.configs, self.prompt, **options)


@pytest.fixture
def tree(tmp_path):
    """NER/City Names, RE/Meetings and EE/Meetings, each in all splits; nothing asked yet."""
    tree = Tree(tmp_path)
    tree.dataset("NER/City Names", [NER], ["person", "NA", "place", ""])
    tree.dataset("RE/Meetings", [RE], ["met", "NA"])
    tree.dataset("EE/Meetings", [EE], [["go", "come"], ["goer", "place"]])
    tree.instruct(NER=TYPED, ES="Words. \n", ET="Types. \n", RE="Relations. \n", EE="Events. \n", EET="Triggers. \n")
    return tree


def _corpora(tree):
    return list(tree.mix.corpora)


def test_a_dataset_is_a_corpus_by_its_folder_and_keeps_its_name_in_documents(tree):
    tree.tasks(train={"NER": {"City Names": "full"}})

    built = tree.mix(lang="zh")

    assert _corpora(built) == [MixCorpus("NER/City Names", ("NER",), splits=("train",))]
    (document,) = read_corpus(built.configs["NER/City Names"], "train", data_root=None)
    assert (document.id, document.dataset, document.lang) == ("NER/City Names/train/0", "City Names", "zh")


def test_equal_names_below_two_tasks_are_two_corpora(tree):
    tree.tasks(train={"RE": {"Meetings": "full"}, "EE": {"Meetings": "full"}})

    built = tree.mix()

    assert list(built.configs) == ["RE/Meetings", "EE/Meetings"]
    assert [(config.dataset, config.tasks) for config in built.configs.values()] == [("Meetings", ("RE",)), ("Meetings", ("EE",))]
    documents = [next(read_corpus(config, "test", data_root=None)) for config in built.configs.values()]
    assert [document.text for document in documents] == ["Ann met Bo", "They left"]


def test_labels_are_those_of_the_file_without_the_ones_that_say_none(tree):
    tree.tasks(train={"NER": {"City Names": "full"}, "RE": {"Meetings": "full"}, "EE": {"Meetings": "full"}})

    ner, re, ee = (config.schema() for config in tree.mix().configs.values())

    assert [label.label for label in ner.entities] == ["person", "place"]
    assert [label.label for label in re.relations] == ["met"]
    roles = (Label("goer", "goer"), Label("place", "place"))
    assert ee.events == (EventLabel("go", "go", roles=roles), EventLabel("come", "come", roles=roles))


def test_labels_may_say_whose_the_roles_are(tree):
    tree.write("data/EE/Meetings/labels.json", {"go": ["goer", ""], "come": [], "NA": ["goer"]})
    tree.tasks(train={"EE": {"Meetings": "full"}})

    assert tree.mix().configs["EE/Meetings"].schema().events == (
        EventLabel("go", "go", roles=(Label("goer", "goer"),)),
        EventLabel("come", "come"),
    )


def test_parts_of_a_task_share_its_documents_and_a_split_with_other_tasks_stands_apart(tree):
    names = {"City Names": "random_50"}
    tree.tasks(train={"ET": names, "NER": names, "ES": names}, dev={"NER": names}, test={"NER": {"City Names": "full"}})

    built = tree.mix()

    assert list(built.configs) == ["NER/City Names"]
    assert _corpora(built) == [
        MixCorpus("NER/City Names", ("NER", "ES", "ET"), splits=("train",), take="random_50", sometimes={"ES": 0.3, "ET": 0.3}),
        MixCorpus("NER/City Names", ("NER",), splits=("dev", "test"), limit={"dev": 50}),
    ]
    assert built.mix.prompts == {"NER": ("ner/prompt.1",), "ES": ("es/prompt.1",), "ET": ("et/prompt.1",)}


def test_a_part_with_a_folder_of_its_own_is_read_from_there(tree):
    tree.dataset("ES/City Names", [NER, NER], ["person"])
    tree.tasks(train={"NER": {"City Names": "full"}, "ES": {"City Names": "full"}})

    built = tree.mix()

    assert _corpora(built) == [
        MixCorpus("NER/City Names", ("NER",), splits=("train",)),
        MixCorpus("ES/City Names", ("ES",), splits=("train",), sometimes={"ES": 0.3}),
    ]
    assert built.configs["ES/City Names"].tasks == ("NER",)
    assert len(list(read_corpus(built.configs["ES/City Names"], "train", data_root=None))) == 2


@pytest.mark.parametrize(
    ("strategy", "split", "take", "limit"),
    [
        ("random", "train", "random", {}),
        ("upsample_3", "train", "upsample_3", {}),
        ("downsample", "train", "downsample", {}),
        ("random", "dev", "full", {"dev": 100}),
        ("random_7", "dev", "full", {"dev": 7}),
        ("full", "dev", "full", {}),
        ("random", "test", "full", {}),
        ("random_7", "test", "full", {"test": 7}),
    ],
)
def test_a_strategy_takes_in_train_and_limits_elsewhere(tree, strategy, split, take, limit):
    tree.tasks(**{split: {"NER": {"City Names": strategy}}})

    (corpus,) = _corpora(tree.mix())

    assert (corpus.splits, corpus.take, corpus.limit) == ((split,), take, limit)


def test_the_size_of_dev_and_the_settings_of_the_mix_can_be_changed(tree):
    tree.tasks(dev={"NER": {"City Names": "random"}})

    built = tree.mix(dev_documents=3, overrides=["seed=7", "limit=5", "labels.chunk=2", "format=lines"])

    assert built.mix.corpora[0].limit == {"dev": 3}
    assert (built.mix.seed, built.mix.limit, built.mix.labels.chunk, built.mix.format) == (7, 5, 2, "lines")
    assert tree.mix(dev_documents=None).mix.corpora[0].limit == {}


def test_a_strategy_that_is_not_given_is_random(tree):
    tree.tasks()
    tree.write("configs/train_tasks.json", {"NER": [{"dataset name": "City Names"}]})

    assert _corpora(tree.mix())[0].take == "random"


@pytest.mark.parametrize(
    ("text", "format"),
    [
        (TYPED, "typed.instructuie"),
        (TUPLES, "tuples.seed000"),
        ("All words, please.", "lines"),
        ("a [(word1, word2)]", "tuples.seed000"),
    ],
)
def test_the_format_is_the_one_the_instructions_describe(tree, text, format):
    tree.tasks(train={"NER": {"City Names": "full"}})
    tree.instruct(NER=text)

    assert tree.mix().mix.format == format


def test_instructions_keep_their_text_to_the_last_blank(tree):
    tree.write(
        "prompt.json",
        {
            "NER": [
                {"instruction_type": "zero-shot", "instruction": "One. \n"},
                {"instruction_type": "few-shot", "instruction": "Two."},
            ],
            "RC": [{"instruction_type": "zero-shot", "instruction": "{0} and {1}? \n"}],
        },
    )

    assert read_instructions(tree.prompt) == (
        Instruction("NER", "zero-shot", "One. \n"),
        Instruction("NER", "few-shot", "Two."),
        Instruction("RC", "zero-shot", "{0} and {1}? \n"),
    )


def test_a_data_folder_may_be_given_from_where_one_stands(tree, monkeypatch):
    tree.tasks(train={"NER": {"City Names": "full"}})
    monkeypatch.chdir(tree.root)

    built = task_tree_mix(Path("data"), tree.configs, tree.prompt)

    assert built.configs["NER/City Names"].folder == str(tree.root / "data/NER/City Names")


def test_a_record_without_the_annotation_of_its_folder_is_refused(tree):
    tree.dataset("EE/Mixed", [EE, NER], [["go"], []])
    tree.tasks(train={"EE": {"Mixed": "full"}})

    with pytest.raises(CorpusError) as found:
        list(read_corpus(tree.mix().configs["EE/Mixed"], "train", data_root=None))

    assert str(found.value) == f"{tree.data}/EE/Mixed/train.json:item 1: the key 'events' is missing."


def _fails(tree, error, message):
    with pytest.raises(error) as found:
        tree.mix()
    assert str(found.value).replace(str(tree.root), "ROOT") == message


def test_all_datasets_that_are_not_there_are_named_with_the_nearest(tree):
    tree.tasks(
        train={"NER": {"CityNames": "full"}, "ES": {"Citi Names": "full"}, "RE": {"x": "full"}}, test={"NER": {"CityNames": "full"}}
    )

    _fails(
        tree,
        CorpusError,
        "ROOT/configs/train_tasks.json: NER: 'CityNames': no folder ROOT/data/NER/CityNames; did you mean 'City Names'? "
        "ROOT/configs/train_tasks.json: ES: 'Citi Names': no folder ROOT/data/ES/Citi Names and none ROOT/data/NER/Citi Names; "
        "did you mean 'City Names'? "
        "ROOT/configs/train_tasks.json: RE: 'x': no folder ROOT/data/RE/x; ROOT/data/RE holds Meetings. "
        "ROOT/configs/test_tasks.json: NER: 'CityNames': no folder ROOT/data/NER/CityNames; did you mean 'City Names'?",
    )


def test_of_many_mistakes_the_first_ten_are_named(tree):
    tree.tasks(train={"NER": {f"none{number}": "full" for number in range(12)}})

    with pytest.raises(CorpusError, match=r": no folder .*none9; .* And 2 more\.$") as found:
        tree.mix()
    assert str(found.value).count("no folder") == 10


def test_a_data_folder_without_the_task_says_what_it_holds(tree):
    tree.data = tree.root
    tree.tasks(train={"NER": {"City Names": "full"}})

    _fails(
        tree,
        CorpusError,
        "ROOT/configs/train_tasks.json: NER: 'City Names': no folder ROOT/NER/City Names; ROOT holds configs, data, prompt.json.",
    )


def test_a_data_folder_that_is_not_there(tree):
    tree.data = tree.root / "date"
    tree.tasks(train={"NER": {"City Names": "full"}})

    _fails(tree, CorpusError, "ROOT/date: no such folder; expected one with TASK/DATASET/train.json and labels.json.")


@pytest.mark.parametrize("content", ["", "[]", " [\n]\n"])
def test_a_split_that_is_missing_or_empty(tree, content):
    tree.dataset("NER/Half", [NER], ["person"], splits=("train", "test"))
    tree.write("data/NER/Half/test.json", content)
    tree.tasks(dev={"NER": {"Half": "full"}}, test={"NER": {"Half": "full"}})

    _fails(
        tree,
        CorpusError,
        "ROOT/configs/dev_tasks.json: NER: 'Half': no file ROOT/data/NER/Half/dev.json; "
        "ROOT/data/NER/Half holds labels.json, test.json, train.json. "
        "ROOT/configs/test_tasks.json: NER: 'Half': ROOT/data/NER/Half/test.json is empty.",
    )


@pytest.mark.parametrize(
    ("name", "labels", "message"),
    [
        ("NER/City Names", "[", "not JSON: Expecting value: line 1 column 2 (char 1)."),
        ("NER/City Names", "", "the file is empty."),
        ("NER/City Names", {"person": 1}, "expected a list of labels, found {'person': 1}."),
        ("NER/City Names", ["person", 1], "expected a list of labels, found ['person', 1]."),
        ("NER/City Names", ["NA"], "holds no label."),
        ("EE/Meetings", ["go"], "expected [[event types], [roles]] or {event type: [roles]}, found ['go']."),
        ("EE/Meetings", [["go"], "goer"], "roles: expected a list of labels, found 'goer'."),
        ("EE/Meetings", {"go": None}, "go: expected a list of labels, found None."),
        ("EE/Meetings", '{"go": [], "go": []}', "not JSON: the key 'go' is given twice."),
    ],
)
def test_labels_that_cannot_be_read(tree, name, labels, message):
    tree.write(f"data/{name}/labels.json", labels)
    task, dataset = name.split("/")
    tree.tasks(train={task: {dataset: "full"}})

    _fails(tree, CorpusError, f"ROOT/data/{name}/labels.json: {message}")


def test_labels_that_are_not_there(tree):
    (tree.data / "NER/City Names/labels.json").unlink()
    tree.tasks(train={"NER": {"City Names": "full"}})

    _fails(
        tree,
        CorpusError,
        "ROOT/data/NER/City Names/labels.json: no such file. The folder holds: dev.json, test.json, train.json.",
    )


def test_all_mistakes_of_the_task_configs_are_named_at_once(tree):
    tree.tasks()
    rows = [
        {"sampling strategy": "some", "dataset name": "a"},
        {"sampling_strategy": "full", "dataset name": "b"},
        {"sampling strategy": "full"},
        "c",
        {"dataset name": "d"},
        {"dataset name": "d"},
        {"sampling strategy": 5, "dataset name": "e"},
    ]
    tree.write("configs/train_tasks.json", {"NER": rows, "NRE": [], "RE": {}})
    tree.write("configs/dev_tasks.json", {"NER": [{"sampling strategy": "upsample_2", "dataset name": "a"}]})

    _fails(
        tree,
        SettingsError,
        "ROOT/configs/train_tasks.json: NER: item 0: sampling strategy: expected full, random, random_N, upsample_K or downsample "
        "(N, K from 1), found 'some'. "
        "ROOT/configs/train_tasks.json: NER: item 1: No key of a dataset is named 'sampling_strategy'. Did you mean "
        "'sampling strategy'? Known: dataset name, sampling strategy. "
        "ROOT/configs/train_tasks.json: NER: item 2: dataset name: expected the name of a folder, found None. "
        "ROOT/configs/train_tasks.json: NER: item 3: expected {'sampling strategy': …, 'dataset name': …}, found 'c'. "
        "ROOT/configs/train_tasks.json: NER: 'd' is listed twice. "
        "ROOT/configs/train_tasks.json: NER: item 6: sampling strategy: expected a text, found 5. "
        "ROOT/configs/train_tasks.json: No task is named 'NRE'. Did you mean 'RE' or 'NER'? "
        "Known: EE, EEA, EET, EP, EPR, ES, ET, NER, RC, RE. "
        "ROOT/configs/train_tasks.json: RE: expected a list of datasets, found {}. "
        "ROOT/configs/dev_tasks.json: NER: item 0: sampling strategy: upsample_2 is for train; expected full, random or random_N.",
    )


def test_task_configs_that_are_not_there(tree):
    _fails(
        tree, SettingsError, "ROOT/configs: no such folder; expected one with train_tasks.json, dev_tasks.json, test_tasks.json."
    )

    tree.write("configs/train_task.json", {})
    tree.write("configs/test_tasks.json", {})
    tree.write("configs/dev_tasks.json", {})
    _fails(
        tree,
        SettingsError,
        "ROOT/configs/train_tasks.json: no such file; ROOT/configs holds dev_tasks.json, test_tasks.json, train_task.json. "
        "Write {} into it if nothing goes into train.",
    )

    tree.write("configs/train_tasks.json", {})
    _fails(tree, SettingsError, "ROOT/configs: the task configs list no dataset.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."),
        ("[]", "expected a mapping of tasks to lists of datasets, found []."),
        ("", "the file is empty."),
    ],
)
def test_a_task_config_that_cannot_be_read(tree, text, message):
    tree.tasks()
    tree.write("configs/test_tasks.json", text)

    _fails(tree, SettingsError, f"ROOT/configs/test_tasks.json: {message}")


def test_two_strategies_for_the_same_documents(tree):
    tree.tasks(train={"EE": {"Meetings": "random"}, "EET": {"Meetings": "full"}})

    _fails(
        tree,
        SettingsError,
        "ROOT/configs/train_tasks.json: EET: 'Meetings': full, but random for EE; both are asked of the Documents of EE/Meetings: "
        "give one strategy.",
    )


def test_a_task_without_instruction(tree):
    read = json.loads(tree.prompt.read_text())
    tree.write("prompt.json", {**read, "RC": [{"instruction_type": "few-shot", "instruction": "So."}]})
    tree.tasks(train={"NER": {"City Names": "full"}}, test={"RC": {"Meetings": "full"}, "EEA": {"Meetings": "full"}})

    _fails(
        tree,
        PromptError,
        "ROOT/prompt.json: no zero-shot instruction for RC (test_tasks.json), EEA (test_tasks.json); "
        "the file has EE, EET, ES, ET, NER, RE.",
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["NER"], "expected a mapping of tasks to lists of instructions, found ['NER']."),
        ({"NER": "List."}, "NER: expected a list of instructions, found 'List.'."),
        (
            {"NER": [{"instruction_type": "one-shot", "instruction": "List."}]},
            "NER: item 0: expected {'instruction_type': 'zero-shot' or 'few-shot', 'instruction': a text}, "
            "found {'instruction_type': 'one-shot', 'instruction': 'List.'}.",
        ),
        ("", "the file is empty."),
    ],
)
def test_instructions_that_cannot_be_read(tree, value, message):
    tree.tasks(train={"NER": {"City Names": "full"}})
    tree.write("prompt.json", value)

    _fails(tree, PromptError, f"ROOT/prompt.json: {message}")


def test_instructions_that_describe_two_formats_are_refused_unless_one_is_chosen(tree):
    tree.tasks(train={"NER": {"City Names": "full"}})
    tree.instruct(NER=TYPED, RE=TUPLES)

    assert tree.mix(overrides=["format=lines"]).mix.format == "lines"
    _fails(
        tree,
        PromptError,
        "ROOT/prompt.json: instructions describe answers as (word1, type1) for RE and as type1: word1 for NER; "
        "make them agree or say --set format=NAME.",
    )


@pytest.mark.skipif(not _CORPORA, reason="UIE_CORPORA is not set to the folder of the real corpora")
def test_a_real_tree_is_read_completely(tmp_path):
    """Made of CrossNER, CoNLL04 and PHEE; asked by a task config of our own in InstructUIE's own wordings."""
    data = Path(_CORPORA) / "instructuie_derived" / "IE_INSTRUCTIONS"
    tree = Tree(tmp_path)
    asked = {"NER": {"CrossNER_AI": "full"}, "RE": {"conll04": "full"}, "EE": {"PHEE": "full"}}
    tree.tasks(train={**asked, "ES": asked["NER"], "EPR": asked["RE"], "EEA": asked["EE"]}, dev=asked)

    built = task_tree_mix(data, tree.configs, Path(_CORPORA) / "instructuie_config" / "instruction_config.json")

    assert Counter(one.task for one in built.instructions)["NER"] == 3
    assert built.mix.format == "typed.instructuie"
    found, expected = Counter(), Counter()
    for name, config in built.configs.items():
        labels = {label for kind in ("entities", "relations", "events") for label in config.labels.get(kind, ())}
        roles = {role for event in config.labels.get("events", {}).values() for role in event["roles"]}
        for split in config.splits:
            documents = list(read_corpus(config, split, data_root=None))
            found[name, split, "documents"] = len(documents)
            for document in documents:
                items = document.relations if name == "RE/conll04" else document.events or document.entities or ()
                found[name, split, "items"] += len(items)
                found[name, split, "arguments"] += sum(len(event.arguments) for event in document.events or ())
                found[name, split, "grounded"] += sum(mention.grounded for mention in document.mentions())
                assert {item.type for item in items} <= labels
                assert {argument.role for event in document.events or () for argument in event.arguments} <= roles
            rows = json.loads((data / name / f"{split}.json").read_text(encoding="utf-8"))
            expected[name, split, "documents"] = len(rows)
            for row in rows:
                events = row.get("events", [])
                items = row.get("entities") or row.get("relations") or events
                arguments = [argument for event in events for argument in event["arguments"]]
                ends = [relation[end] for relation in row.get("relations", []) for end in ("head", "tail")]
                mentions = [(event["trigger"], event["pos"]) for event in events]
                mentions += [(one["name"], one["pos"]) for one in arguments + row.get("entities", [])]
                mentions += sorted({(one["name"], tuple(one["pos"])) for one in ends})
                expected[name, split, "items"] += len(items)
                expected[name, split, "arguments"] += len(arguments)
                expected[name, split, "grounded"] += sum(row["sentence"][slice(*pos)] == text for text, pos in mentions)
    assert sum(number for key, number in found.items() if key[2] == "items") > 5000
    assert {split for _, split, _ in found} == {"train", "dev", "test"}
    assert found == expected

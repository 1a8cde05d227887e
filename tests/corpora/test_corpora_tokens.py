"""Layouts of tokens and tags: columns, segments, pipes, multi-head rows and spaCy's JSON, each with its traps, in our own words."""

import pytest

from uie.corpora import LAYOUTS, options_of, raise_bad
from uie.corpora.detection import detect, tag_style
from uie.corpora.tagging import TagStyle
from uie.corpora.tokens import tagged_document
from uie.errors import CorpusError, SettingsError
from uie.settings import build


def _read(layout, path, bad=raise_bad, **options):
    layout = LAYOUTS.get(layout)
    return list(layout.read(path, build(options_of(layout), options, where="test"), bad))


def _entities(document):
    return [(entity.mention.start, entity.mention.end, entity.mention.text, entity.type) for entity in document.entities]


def _file(folder, content, name="file.txt"):
    path = folder / name
    path.write_bytes(content.encode("utf-8"))
    return path


def _rows(*cells):
    return "".join("\t".join(row.split(" ")) + "\n" for row in cells)


IDA = [(0, 9, "Ida Brook", "per"), (10, 14, "Oslo", "loc")]


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        pytest.param("B-per I-per B-loc O", "IOB2", id="IOB2"),
        pytest.param("I-per I-per I-loc O", "IOB1", id="inside only"),
        pytest.param("B-per E-per S-loc O", "BIOES", id="BIOES"),
        pytest.param("B-per L-per U-loc O", "BILUO", id="BILUO"),
        pytest.param("I-per E-per E-loc O", "IOE2", id="IOE2"),
        pytest.param("per per loc O", "IO", id="bare types"),
        pytest.param("B_per I_per B_loc O", "IOB2", id="underscore"),
        pytest.param("per-B per-I loc-B O", "IOB2", id="prefix behind"),
        pytest.param("per_B per_E loc_S O", "BIOES", id="prefix behind an underscore"),
    ],
)
def test_the_scheme_is_found_in_the_tags(tmp_path, tags, scheme):
    path = _file(tmp_path, _rows(*map(" ".join, zip(["Ida", "Brook", "Oslo", "."], tags.split(), strict=True))))

    (document,) = _read("tokens", path, scheme="auto")

    assert _entities(document) == IDA
    assert detect(path).scheme == scheme
    assert document.meta == {"place": 1}


def test_bmes_is_told_from_bioes_by_its_middle(tmp_path):
    path = _file(tmp_path, "沈 B-NAME\n小 M-NAME\n河 E-NAME\n在 O\n\n宁 S-LOC\n")

    first, second = _read("tokens", path, scheme="auto", join="none")

    assert detect(path).options() == {"scheme": "BMES", "join": "none"}
    assert (_entities(first), _entities(second)) == ([(0, 3, "沈小河", "NAME")], [(0, 1, "宁", "LOC")])


def test_iob1_is_told_from_iob2_by_what_begins_mentions_and_the_reason_says_so():
    style, why = tag_style([["I-a", "I-a", "B-a", "O"], ["O", "I-b"], ["B-b", "O"]])

    assert style == TagStyle("IOB1")
    assert why == "prefixes B 2, I 3 in front, parted by '-'; IOB1 is broken 1 times, IOB2 2 times"


def test_ioe1_is_told_from_ioe2_by_what_ends_mentions():
    assert tag_style([["I-a", "I-a", "O"], ["I-a", "E-a", "I-a", "O"]])[0] == TagStyle("IOE1")
    assert tag_style([["I-a", "E-a", "E-a", "E-a", "I-a", "O"]])[0] == TagStyle("IOE1")
    assert tag_style([["I-a", "E-a", "O"], ["E-a", "E-a", "O"]])[0] == TagStyle("IOE2")


def test_a_few_wrong_tags_do_not_make_a_file_one_of_bare_types(tmp_path):
    path = _file(tmp_path, "Ida B-per\nBrook I-per\nsails O\n\nOslo B=loc\n")
    found = []

    documents = _read("tokens", path, lambda error, raw: found.append(str(error)), scheme="auto")

    assert [document.text for document in documents] == ["Ida Brook sails"]
    assert found == [f"{path}:5: token 1: the tag 'B=loc' is not one of IOB2: expected O, B-TYPE, I-TYPE."]
    assert detect(path).why.endswith("; IOB2 is broken 0 times, IOB1 1 times; 33.3% of the tags do not fit.")


def test_untyped_tags_are_mentions_without_a_type(tmp_path):
    path = _file(tmp_path, "Ida\tB\nBrook\tI\nin\tO\nOslo\tB\n")

    (document,) = _read("tokens", path, scheme="auto")

    assert _entities(document) == [(0, 9, "Ida Brook", None), (13, 17, "Oslo", None)]


def test_what_are_no_tags_is_refused_by_auto_and_not_guessed(tmp_path):
    numbered = "".join(f"{number} word{number}\n" for number in range(2000))
    path = _file(tmp_path, numbered)

    assert detect(path) is None
    assert LAYOUTS.get("tokens").guess(path) is None
    with pytest.raises(CorpusError) as error:
        _read("tokens", path, scheme="auto")
    assert str(error.value) == (
        f"{path}: no tagging scheme fits what should be tags; check the columns, "
        "or name one of IOB1, IOB2, IOE1, IOE2, BIOES, BMES, BILUO, IO."
    )


def test_columns_are_found_in_any_order_and_the_reason_is_told(tmp_path):
    content = _rows("0 B-per Ida NNP", "1 I-per Brook NNP", "2 O sails VBZ") + "\n" + _rows("0 O Rain NN", "1 O . .")
    path = _file(tmp_path, content)

    found = detect(path)

    assert (found.token_column, found.tag_column, found.separator) == (2, 1, "\t")
    assert found.why == (
        "4 columns parted by '\\t'; tags in column -3: prefixes B 1, I 1 in front, parted by '-'; "
        "IOB2 is broken 0 times, IOB1 1 times."
    )
    assert [document.text for document in _read("tokens", path, **found.options())] == ["Ida Brook sails", "Rain ."]


def test_chunk_tags_before_the_entity_tags_are_not_taken_for_them(tmp_path):
    path = _file(tmp_path, "-DOCSTART- (17)\n\n\nIda NNP I-NP I-per\nsails VBZ I-VP O\n")

    (document,) = _read("tokens", path, **LAYOUTS.get("tokens").guess(path))

    assert _entities(document) == [(0, 3, "Ida", "per")]


def test_only_the_first_separator_ends_a_prefix_whatever_the_type_holds(tmp_path):
    path = _file(tmp_path, "Salt B-creative-work\nSong I-creative-work\nRoad B-location_road/rail\nX B-PER.NOM\n")

    (document,) = _read("tokens", path, scheme="auto")

    assert [entity.type for entity in document.entities] == ["creative-work", "location_road/rail", "PER.NOM"]


def test_invalid_tags_are_read_and_counted(tmp_path):
    path = _file(tmp_path, "周 M-ORG\n社 E-ORG\n在 O\n杭 B-LOC\n")

    (document,) = _read("tokens", path, scheme="BMES", join="none")

    assert _entities(document) == [(0, 2, "周社", "ORG"), (3, 4, "杭", "LOC")]
    assert document.meta == {"invalid_tags": 2, "place": 1}


def test_sentences_end_at_blank_lines_tabs_document_starts_and_crlf(tmp_path):
    path = _file(tmp_path, "\r\na\tO\r\n\t\r\nb\tO\r\n\r\n-DOCSTART-\tO\r\nc\tO\r\n\r\n\r\n")

    documents = _read("tokens", path, separator="\t")

    assert [(document.text, document.meta["place"]) for document in documents] == [("a", 2), ("b", 4), ("c", 7)]


def test_a_line_of_its_own_may_end_a_sentence(tmp_path):
    path = _file(tmp_path, "a O\n<eos>\nb O\n")

    assert [document.text for document in _read("tokens", path, sentence_line="<eos>")] == ["a", "b"]


def test_flags_in_a_column_end_sentences_and_say_where_no_space_is(tmp_path):
    header = "TOKEN\tNE\tMISC\n# document_id = 7\n"
    path = _file(tmp_path, header + _rows("Ida B-per NoSpaceAfter", ", O _", "come O NoSpaceAfter|EndOfSentence", "Oslo B-loc _"))
    options = LAYOUTS.get("tokens").guess(path)

    first, second = _read("tokens", path, **options)

    assert options == {
        "scheme": "IOB2",
        "separator": "\t",
        "tag_column": 1,
        "document_start": "# ",
        "header": True,
        "flag_column": 2,
        "sentence_flag": "EndOfSentence",
        "no_space_flag": "NoSpaceAfter",
    }
    assert (first.text, first.tokens) == ("Ida, come", ((0, 3), (3, 4), (5, 9)))
    assert _entities(second) == [(0, 4, "Oslo", "loc")]


@pytest.mark.parametrize("first", ["Text O", "Word B-PER", "form E-PER"])
def test_a_first_token_that_is_a_usual_name_of_a_column_is_no_header(tmp_path, first):
    tag = first.split()[1]
    path = _file(tmp_path, _rows(first, f"Ann {tag}", "is O"))

    options = LAYOUTS.get("tokens").guess(path)
    (document,) = _read("tokens", path, **options)

    assert "header" not in options
    assert document.text == f"{first.split()[0]} Ann is"


def test_a_file_of_one_row_is_no_header_alone(tmp_path):
    assert detect(_file(tmp_path, "Text\tO\n")).options() == {"scheme": "IOB2", "separator": "\t"}
    assert detect(_file(tmp_path, "Text\tTag\n")) is None


@pytest.mark.parametrize("before", ["", "\n", "-DOCSTART-\tO\n\n", "# document_id = 7\n", "# token tag\n# document_id = 7\n"])
def test_a_header_is_the_first_line_that_is_not_passed_over(tmp_path, before):
    path = _file(tmp_path, before + _rows("Token Tag", "Ann B-PER", "is O"))

    options = LAYOUTS.get("tokens").guess(path)
    documents = _read("tokens", path, **options)

    assert options["header"] is True
    assert [document.text for document in documents] == ["Ann is"]


def test_several_tag_columns_are_layers_of_nested_mentions(tmp_path):
    path = _file(tmp_path, _rows("Bank B-org O", "of I-org O", "Oslo I-org B-loc"))

    (document,) = _read("tokens", path, tag_columns=[1, 2])

    assert _entities(document) == [(0, 12, "Bank of Oslo", "org"), (8, 12, "Oslo", "loc")]


def test_a_digit_behind_each_character_is_none_of_the_text(tmp_path):
    path = _file(tmp_path, "我0\tO\n在0\tO\n宁0\tB-GPE.NAM\n波1\tI-GPE.NAM\n20\tO\n")

    (document,) = _read("tokens", path, token_digit=True, join="none")

    assert (document.text, _entities(document)) == ("我在宁波2", [(2, 4, "宁波", "GPE.NAM")])
    with pytest.raises(CorpusError) as error:
        _read("tokens", _file(tmp_path, "我\tO\n"), token_digit=True)
    assert str(error.value) == f"{path}:1: expected a digit behind the token, found '我'."


def test_digits_behind_characters_are_detected(tmp_path):
    path = _file(tmp_path, "宁0\tB-LOC\n波1\tI-LOC\n好0\tO\n" * 10)

    assert detect(path).options() == {"scheme": "IOB2", "separator": "\t", "token_digit": True, "join": "none"}


def test_offsets_of_tokens_say_how_much_space_is_between_them(tmp_path):
    path = _file(tmp_path, _rows("Ida 40 43 B-Multi-part_name", "'s 43 45 O", "ship 46 50 O", ". 52 53 O"))
    options = LAYOUTS.get("tokens").guess(path)

    (document,) = _read("tokens", path, **options)

    assert options == {"scheme": "IOB2", "separator": "\t", "start_column": 1, "end_column": 2}
    assert (document.text, document.tokens) == ("Ida's ship  .", ((0, 3), (3, 5), (6, 10), (12, 13)))
    assert _entities(document) == [(0, 3, "Ida", "Multi-part_name")]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("ship 44 49 O", ":2: 'ship' has 4 characters, but its offsets are 44 and 49: 'ship\\t44\\t49\\tO'."),
        ("ship 42 46 O", ":2: 'ship' begins at 42, but the token before it ends at 43."),
        ("ship 99999 100003 O", ":2: 'ship' begins at 99999, but the token before it ends at 43."),
        ("ship x 46 O", ":2: expected an offset, found 'x'."),
    ],
)
def test_offsets_that_cannot_be_are_refused(tmp_path, second, message):
    path = _file(tmp_path, _rows("Ida 40 43 O", second))

    with pytest.raises(CorpusError) as error:
        _read("tokens", path, start_column=1, end_column=2)

    assert str(error.value) == f"{path}{message}"


def test_rows_must_have_as_many_columns_as_the_first_one(tmp_path):
    path = _file(tmp_path, "Ida NNP B-per\nsails O\n\nRain NN O\nfell in VBD O\n\nfine JJ O\n")
    found = []

    documents = _read("tokens", path, lambda error, raw: found.append(str(error)))

    assert [document.text for document in documents] == ["fine"]
    assert found == [
        f"{path}:2: expected 3 columns parted by white space, found 2: 'sails O'.",
        f"{path}:5: expected 3 columns parted by white space, found 4: 'fell in VBD O'.",
    ]


def test_rows_of_several_lengths_are_told_and_a_wide_space_is_a_token(tmp_path):
    path = _file(
        tmp_path, "7\tNUM\tB-DAT\n月\tNOUN\tツキ\tツキ\tI-DAT\n\u3000\tSYM\t\u3000\t\u3000\tI-DAT\n雨\tNOUN\tアメ\tアメ\tO\n"
    )

    (document,) = _read("tokens", path, separator="\t", columns=[3, 5], join="none")

    assert (document.text, document.tokens[2]) == ("7月\u3000雨", (2, 3))
    assert _entities(document) == [(0, 3, "7月\u3000", "DAT")]
    assert detect(path).others == {"columns": [3, 5], "join": "none"}
    with pytest.raises(CorpusError) as error:
        _read("tokens", path, separator="\t", columns=[5])
    assert str(error.value).startswith(f"{path}:1: expected 5 columns parted by '\\t', found 3: ")


def test_bare_types_may_hold_what_parts_prefixes_elsewhere(tmp_path):
    path = _file(tmp_path, "Ida\tperson-artist/author\nBrook\tperson-artist/author\nsails\tO\n\nOslo\tlocation-GPE\n")

    first, second = _read("tokens", path, scheme="auto")

    assert detect(path).scheme == "IO"
    assert _entities(first) == [(0, 9, "Ida Brook", "person-artist/author")]
    assert _entities(second) == [(0, 4, "Oslo", "location-GPE")]


def test_a_token_with_a_space_in_it_is_one_token(tmp_path):
    path = _file(tmp_path, "Salt Lake\tB-loc\nCity\tI-loc\n1 1/2\tO\n")

    (document,) = _read("tokens", path, separator="\t")

    assert (document.text, document.tokens) == ("Salt Lake City 1 1/2", ((0, 9), (10, 14), (15, 20)))
    assert _entities(document) == [(0, 14, "Salt Lake City", "loc")]


def test_characters_that_nobody_sees_and_html_entities_are_tokens_as_they_are_written(tmp_path):
    path = _file(tmp_path, "\u200b\tO\nIda\u200b\tB-per\n\ufeff\tO\n😀\tO\n&gt;\tO\n&\tO\ngt\tO\n;\tO\nOslo\tB-loc\n")

    (document,) = _read("tokens", path, separator="\t")

    assert document.text == "\u200b Ida\u200b \ufeff 😀 &gt; & gt ; Oslo"
    assert _entities(document) == [(2, 6, "Ida\u200b", "per"), (23, 27, "Oslo", "loc")]


def test_characters_halved_before_they_were_written_as_utf8_are_refused_with_their_line(tmp_path):
    path = tmp_path / "features.txt"
    path.write_bytes(b"Ida\tB-per\n" + b"\xed\xa0\xbd\xed\xb8\x80\tO\n")  # CESU-8: each half of U+1F600 as a character of its own

    with pytest.raises(CorpusError) as error:
        _read("tokens", path, lambda error, raw: None)

    assert str(error.value) == f"{path}:2: not UTF-8 (invalid continuation byte); convert the file to UTF-8 first."


def test_a_sentence_of_thousands_of_characters_is_one(tmp_path):
    path = _file(tmp_path, "雨\tO\n" * 2425 + "宁\tB-LOC\n波\tI-LOC\n")

    (document,) = _read("tokens", path, join="none")

    assert (len(document.text), _entities(document)) == (2427, [(2425, 2427, "宁波", "LOC")])


def test_parallel_files_are_found_by_their_lines(tmp_path):
    path = _file(tmp_path, "沈 河 在 宁 波\n雨 停\n", "sentences.txt")
    _file(tmp_path, "O O\nO O\n", "others.txt")
    _file(tmp_path, "B_per I_per O B_loc I_loc\nO O\n", "tags.txt")
    options = LAYOUTS.get("parallel").guess(path)

    first, second = _read("parallel", path, **options)

    style = {"scheme": "IOB2", "prefix_separator": "_", "prefix_behind": False}
    assert options == {"tags_file": "tags.txt", **style, "join": "none"}
    assert _entities(first) == [(0, 2, "沈河", "per"), (3, 5, "宁波", "loc")]
    assert second.entities == ()


def test_a_piped_token_may_be_the_pipe_itself(tmp_path):
    path = _file(tmp_path, "Ida|NNP|B-per ||SYM|O Oslo|NNP|B-loc\n\n.|.|O\n")
    options = LAYOUTS.get("piped").guess(path)

    first, second = _read("piped", path, **options)

    assert options["columns"] == 3
    assert _entities(first) == [(0, 3, "Ida", "per"), (6, 10, "Oslo", "loc")]
    assert (first.text, second.text, second.meta["place"]) == ("Ida | Oslo", ".", 3)


def test_a_piped_token_with_too_few_parts_is_refused(tmp_path):
    path = _file(tmp_path, "Ida|NNP|B-per left|O\n")

    with pytest.raises(CorpusError) as error:
        _read("piped", path)

    assert str(error.value) == f"{path}:1: expected 3 parts with '|' between them, found 'left|O'."


def test_a_piped_token_has_a_tag_beside_it_at_least(tmp_path):
    with pytest.raises(SettingsError) as error:
        _read("piped", _file(tmp_path, "Ida|O\n"), columns=1)

    assert str(error.value) == "test: columns: expected 2 or more, found 1."


def test_segments_of_sighan_are_mentions_but_for_those_outside(tmp_path):
    path = _file(tmp_path, " 海潮社/nt 致/o 沈小河/nr 的信/o \n\n雨停了/o\n")

    first, second = _read("slash", path, **LAYOUTS.get("slash").guess(path))

    assert first.text == "海潮社致沈小河的信"
    assert _entities(first) == [(0, 3, "海潮社", "nt"), (4, 7, "沈小河", "nr")]
    assert (second.entities, second.meta) == ((), {"place": 3})


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("沈/nr 小河/nr", ["沈小河"]),
        ("沈/nr 青/nr 柳/nr 明/nr", ["沈青", "柳明"]),
        ("沈/nr 小河/nr 、/w 柳/nr 明/nr", ["沈小河", "柳明"]),
        ("柳/nr 沈/nr 小河/nr", ["柳沈小河"]),
        ("欧阳/nr 河/nr", ["欧阳河"]),
        ("小沈/nr 柳/nr 明远/nr", ["小沈", "柳明远"]),
        ("塔里亚诺/nr 沈/nr", ["塔里亚诺", "沈"]),
        ("沈/nr 塔里亚诺/nr", ["沈", "塔里亚诺"]),
        ("沈/nr 先生/n", ["沈"]),
    ],
)
def test_surname_and_given_name_are_one_person(tmp_path, line, names):
    path = _file(tmp_path, line + "\n")

    (document,) = _read("slash", path, types=["nr"], names="nr")

    assert [entity.mention.text for entity in document.entities] == names


def test_surnames_stay_alone_unless_the_option_asks(tmp_path):
    (document,) = _read("slash", _file(tmp_path, "沈/nr 小河/nr １/２/m\n"), types=["nr"])

    assert document.text == "沈小河１/２"
    assert [entity.mention.text for entity in document.entities] == ["沈", "小河"]


def test_brackets_mark_mentions_of_several_segments(tmp_path):
    path = _file(tmp_path, "[宁波/ns 海潮/n 社/n]nt [/w 好/a\n")

    (document,) = _read("slash", path, types=["ns", "nt"], brackets=True)

    assert document.text == "宁波海潮社[好"
    assert _entities(document) == [(0, 5, "宁波海潮社", "nt"), (0, 2, "宁波", "ns")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("雨/o 停", "segment 2: expected word/type, found '停'."),
        ("[雨/o 停/o", "segment 1: nothing closes the bracket of '[雨/o'."),
        ("雨/o 停/o]nt", "segment 2: nothing opens the bracket of '停/o]nt'."),
    ],
)
def test_segments_that_are_none_are_refused(tmp_path, line, message):
    path = _file(tmp_path, line + "\n")

    with pytest.raises(CorpusError) as error:
        _read("slash", path, brackets=True)

    assert str(error.value) == f"{path}:1: {message}"


MULTIHEAD = (
    "#doc 12\n0\tIda\tB-Peop\t['N']\t[0]\n1\tBrook\tI-Peop\t['Live_In', 'Work_For']\t[5, 3]\n2\tof\tO\t['N']\t[2]\n"
    "3\tPenrose\tB-Org\t['N']\t[3]\n4\tin\tO\t['N']\t[4]\n5\tLeeds\tB-Loc\t['N']\t[5]\n#doc 13\n0\tRain\tO\t['N']\t[0]\n"
)


def test_multihead_relations_join_the_last_tokens_of_mentions(tmp_path):
    first, second = _read("multihead", _file(tmp_path, MULTIHEAD))

    assert (first.id, first.text, first.meta["place"]) == ("12", "Ida Brook of Penrose in Leeds", 1)
    assert [entity.mention.text for entity in first.entities] == ["Ida Brook", "Penrose", "Leeds"]
    assert [(r.type, r.head, r.tail) for r in first.relations] == [("Live_In", 0, 2), ("Work_For", 0, 1)]
    assert (second.id, second.entities, second.relations) == ("13", (), ())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[5, 3]", "[5, 2]", ":3: Work_For joins tokens 1 and 2, but no mention ends at 2."),
        ("[5, 3]", "[5, 9]", ":3: Work_For joins tokens 1 and 9, but no mention ends at 9."),
        ("[5, 3]", "[5]", ":3: 2 relations, but 1 heads: \"1\\tBrook\\tI-Peop\\t['Live_In', 'Work_For']\\t[5]\"."),
        ("[5, 3]", "[5, open('x')]", ":3: expected a list of int, found \"[5, open('x')]\"."),
        ("2\tof", "7\tof", ":4: expected the token's number, 2, found '7'."),
        ("#doc 12\n", "", ":1: expected a line '#doc ID', found \"0\\tIda\\tB-Peop\\t['N']\\t[0]\"."),
        ("\tof\t", "\t", ":4: expected NUMBER, TOKEN, TAG, RELATIONS and HEADS parted by tabs, found \"2\\tO\\t['N']\\t[2]\"."),
    ],
)
def test_multihead_documents_that_contradict_themselves_go_to_bad(tmp_path, old, new, message):
    path = _file(tmp_path, MULTIHEAD.replace(old, new))
    found = []

    documents = _read("multihead", path, lambda error, raw: found.append(str(error)))

    assert [document.id for document in documents] == ["13"]
    assert found == [f"{path}{message}"]


def _spacy(*sentences, raw=None):
    tokens = '"sentences": [' + ", ".join(
        '{"tokens": [' + ", ".join(f'{{"orth": "{word}", "ner": "{tag}"}}' for word, tag in sentence) + "]}"
        for sentence in sentences
    )
    return f'[{{"id": 4, "paragraphs": [{{{"" if raw is None else f"{chr(34)}raw{chr(34)}: {raw}, "}{tokens}]}}]}}]'


def test_spacy_paragraphs_keep_their_raw_text_and_its_quotes(tmp_path):
    content = _spacy(
        [("``", "O"), ("Ida", "B-per"), ("Brook", "L-per"), ("''", "O")], [("Oslo", "U-loc")], raw='"\\"Ida  Brook\\"\\nOslo"'
    )

    (document,) = _read("spacy_json", _file(tmp_path, content))

    assert (document.id, document.text) == ("4", '"Ida  Brook"\nOslo')
    assert _entities(document) == [(1, 11, "Ida  Brook", "per"), (13, 17, "Oslo", "loc")]


def test_spacy_mentions_end_with_their_sentence(tmp_path):
    (document,) = _read("spacy_json", _file(tmp_path, _spacy([("Ida", "B-per")], [("Brook", "L-per")])))

    assert _entities(document) == [(0, 3, "Ida", "per"), (4, 9, "Brook", "per")]
    assert document.meta == {"invalid_tags": 2, "place": "item 0"}


def test_spacy_tokens_without_annotation_leave_the_entities_unknown(tmp_path):
    (document,) = _read("spacy_json", _file(tmp_path, _spacy([("Ida", "U-per"), ("left", "-")])))

    assert document.entities is None


def test_a_spacy_token_that_is_not_in_the_raw_text_is_refused(tmp_path):
    path = _file(tmp_path, _spacy([("Ida", "O"), ("left", "O")], raw='"Ida went"'))

    with pytest.raises(CorpusError) as error:
        _read("spacy_json", path)

    assert str(error.value) == f"{path}:item 0: paragraph 0: the text in `raw` goes on with 'went', expected 'left'."


def test_tagged_document_keeps_tokens_and_counts_invalid_tags():
    document = tagged_document(["a", "bc"], ["O", "I-x"], "IOB2", "-", "none", "here")

    assert (document.text, document.tokens, document.meta) == ("abc", ((0, 1), (1, 3)), {"invalid_tags": 1})
    assert _entities(document) == [(1, 3, "bc", "x")]


def test_a_guess_reads_the_example_of_its_layout(tmp_path):
    for name in ("tokens", "parallel", "piped", "slash"):
        layout = LAYOUTS.get(name)
        for file, content in layout.example.items():
            _file(tmp_path, content, f"{name}.{file}" if name != "parallel" else file)
        first = next(iter(layout.example))
        path = tmp_path / (f"{name}.{first}" if name != "parallel" else first)

        expected = _read(name, path, **layout.options)
        guessed = _read(name, path, **layout.guess(path))

        assert [document.entities for document in guessed] == [document.entities for document in expected], name


@pytest.mark.parametrize(
    "content",
    ["token\ttag\n", "\n".join(" ".join(["leaf"] * width) for width in range(2, 103)) + "\n"],
    ids=["a header alone", "as many widths as lines"],
)
def test_rows_without_a_usual_width_are_no_columns_of_tags(tmp_path, content):
    assert detect(_file(tmp_path, content)) is None


@pytest.mark.parametrize("layout", ["tokens", "parallel", "piped", "slash"])
def test_an_empty_separator_is_refused(tmp_path, layout):
    more = {"tags_file": "tags.txt"} if layout == "parallel" else {}

    with pytest.raises(SettingsError) as error:
        _read(layout, _file(tmp_path, "Ann O\n"), separator="", **more)

    assert str(error.value) == "test: separator: expected at least one character, found ''; leave it out for the default."

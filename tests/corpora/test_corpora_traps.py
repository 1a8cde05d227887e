r"""The traps of real corpora, each with the tests that prove how we read it.

What no layout reads has no row: FewFC's lists of mentions with roles, PtrNet's lines of pointers, the lines of offsets of transition-based
discontinuous NER, and BosonNLP's braces, which inline tags are not.

IOB1, mentions that begin with I-:
    test_corpora_tagging.py::test_every_scheme_reads_its_own_way_of_writing_the_same_mentions
    test_corpora_tokens.py::test_iob1_is_told_from_iob2_by_what_begins_mentions_and_the_reason_says_so
    test_corpora_layouts.py::test_token_columns_are_chosen_and_document_starts_passed_over
I- only, no B- in the whole file:
    test_corpora_tokens.py::test_the_scheme_is_found_in_the_tags
BMES, BIOES, BILUO:
    test_corpora_tagging.py::test_long_mentions_are_one
    test_corpora_tokens.py::test_bmes_is_told_from_bioes_by_its_middle
    test_corpora_layouts.py::test_conll04_relations_count_the_mentions_in_the_order_of_the_tags
    test_corpora_tokens.py::test_spacy_paragraphs_keep_their_raw_text_and_its_quotes
tags without a prefix:
    test_corpora_tagging.py::test_bare_types_join_neighbours_of_one_type
    test_corpora_tokens.py::test_bare_types_may_hold_what_parts_prefixes_elsewhere
tags with another separator (B_Person):
    test_corpora_tokens.py::test_the_scheme_is_found_in_the_tags
the separator inside the type (creative-work, PER.NOM, location_road/rail):
    test_corpora_tagging.py::test_the_prefix_ends_at_the_first_separator_only
    test_corpora_tokens.py::test_only_the_first_separator_ends_a_prefix_whatever_the_type_holds
    test_corpora_tokens.py::test_offsets_of_tokens_say_how_much_space_is_between_them
slashes and dots in types of events and relations:
    test_corpora_layouts.py::test_duee_events_may_share_a_trigger_and_fill_a_role_twice
    test_corpora_documents_level.py::test_rams_roles_lose_their_number_and_arguments_may_be_in_other_sentences
    test_corpora_relations.py::test_copyre_last_words_may_be_related_to_themselves
_ between mention and type, and within mentions:
    test_parsing_gold.py::test_bare_records_have_their_text_in_the_query
invalid sequences of tags:
    test_corpora_tagging.py::test_invalid_sequences_are_read_and_told
    test_corpora_tokens.py::test_invalid_tags_are_read_and_counted
sentences parted by lines with only a tab:
    test_corpora_layouts.py::test_token_lines_with_only_a_tab_part_sentences_too
sentences ended by a flag in a column:
    test_corpora_tokens.py::test_flags_in_a_column_end_sentences_and_say_where_no_space_is
one text a line:
    test_corpora_tokens.py::test_segments_of_sighan_are_mentions_but_for_those_outside
    test_corpora_standoff.py::test_inline_mentions_may_be_nested_and_misspelt_tags_stay_labels
    test_corpora_traps.py::test_mentions_in_braces_are_not_taken_for_inline_tags
-DOCSTART-:
    test_corpora_tokens.py::test_sentences_end_at_blank_lines_tabs_document_starts_and_crlf
    test_corpora_tokens.py::test_chunk_tags_before_the_entity_tags_are_not_taken_for_them
empty tokens:
    test_corpora_layouts.py::test_a_sentence_with_a_broken_line_goes_to_bad_and_the_next_is_read
tokens of blanks:
    test_corpora_tokens.py::test_rows_of_several_lengths_are_told_and_a_wide_space_is_a_token
    test_corpora_traps.py::test_tokens_in_json_may_hold_blanks_or_be_one
tokens of several words:
    test_corpora_tokens.py::test_a_token_with_a_space_in_it_is_one_token
    test_corpora_traps.py::test_tokens_in_json_may_hold_blanks_or_be_one
rows with a column too many, or of several lengths:
    test_corpora_tokens.py::test_rows_must_have_as_many_columns_as_the_first_one
    test_corpora_tokens.py::test_rows_of_several_lengths_are_told_and_a_wide_space_is_a_token
the first column is not the token (a number, a character with a digit):
    test_corpora_tokens.py::test_columns_are_found_in_any_order_and_the_reason_is_told
    test_corpora_tokens.py::test_a_digit_behind_each_character_is_none_of_the_text
CRLF:
    test_corpora_tokens.py::test_sentences_end_at_blank_lines_tabs_document_starts_and_crlf
    test_corpora_relations.py::test_semeval_labels_turn_head_and_tail_and_other_is_no_relation
    test_corpora_standoff.py::test_each_character_of_a_line_end_counts_as_brat_counts
    test_corpora_mapping.py::test_a_table_in_utf16_with_crlf_keeps_line_ends_within_cells
byte order marks, UTF-16:
    test_storage.py::test_lines_are_read_with_their_numbers
    test_corpora_mapping.py::test_a_table_is_read_in_the_encoding_of_its_byte_order_mark
GB18030:
    test_corpora_mapping.py::test_another_encoding_is_read_when_it_is_named_and_told_when_it_is_not
CESU-8:
    test_corpora_tokens.py::test_characters_halved_before_they_were_written_as_utf8_are_refused_with_their_line
characters that nobody sees:
    test_corpora_tokens.py::test_characters_that_nobody_sees_and_html_entities_are_tokens_as_they_are_written
    test_corpora_checking.py::test_odd_characters_and_mentions_are_warnings_with_the_first_place
emoji:
    test_corpora_layouts.py::test_token_offsets_are_code_points_and_types_keep_their_hyphen
    test_corpora_annotation_tools.py::test_offsets_in_utf16_units_are_converted
HTML entities:
    test_corpora_standoff.py::test_html_entities_of_a_text_count_as_they_are_written
    test_corpora_tokens.py::test_characters_that_nobody_sees_and_html_entities_are_tokens_as_they_are_written
    test_corpora_standoff.py::test_the_type_may_be_an_attribute_and_other_tags_text_or_passed_over
a literal \n in the text:
    test_corpora_traps.py::test_a_backslash_and_an_n_are_two_characters_of_the_text
real line ends in the text:
    test_corpora_layouts.py::test_duee_mentions_stay_as_annotated_blank_newline_and_all
    test_corpora_annotation_tools.py::test_labelstudio_regions_nest_cross_and_span_lines
very long inputs:
    test_corpora_tokens.py::test_a_sentence_of_thousands_of_characters_is_one
    test_corpora_mapping.py::test_ends_inclusive_nested_and_of_two_types_in_a_long_text_are_read_as_they_are_guessed
    test_corpora_mapping.py::test_a_cell_may_hold_a_whole_book
    test_corpora_traps.py::test_a_line_may_be_thousands_of_characters_long
inclusive ends, of characters:
    test_corpora_layouts.py::test_cluener_ends_are_inclusive_and_a_mention_may_stand_twice
    test_corpora_mapping.py::test_ends_inclusive_nested_and_of_two_types_in_a_long_text_are_read_as_they_are_guessed
inclusive ends, of tokens:
    test_corpora_documents_level.py::test_dygie_counts_tokens_from_the_document_and_its_ends_are_inclusive
    test_corpora_documents_level.py::test_rams_roles_lose_their_number_and_arguments_may_be_in_other_sentences
    test_corpora_documents_level.py::test_eeqa_takes_the_start_of_the_sentence_from_its_offsets
    test_corpora_relations.py::test_crossre_ends_are_inclusive_and_pairs_have_several_relations
    test_corpora_relations.py::test_tacred_pairs_of_one_sentence_are_one_document
an inclusive end beside an exclusive one:
    test_corpora_annotation_tools.py::test_prodigy_token_end_is_inclusive_and_passed_over
offsets within the abstract, the title and abstract, the document:
    test_corpora_relations.py::test_ade_lines_of_one_sentence_are_one_document_grounded_by_what_their_offsets_have_in_common
    test_corpora_standoff.py::test_pubtator_relations_are_between_the_clusters_of_mentions_with_one_id
    test_corpora_documents_level.py::test_dygie_refuses_offsets_of_the_other_kind_instead_of_misplacing_mentions
wrong offsets:
    test_corpora_documents_level.py::test_casie_documents_whose_offsets_are_all_off_by_as_much_are_repaired_and_counted
    test_corpora_documents_level.py::test_casie_mentions_that_are_off_on_their_own_are_not_moved
    test_corpora_standoff.py::test_pubtator_mentions_with_wrong_offsets_have_no_place_and_are_counted
    test_corpora_standoff.py::test_a_mention_with_wrong_offsets_keeps_its_string_and_has_no_place
    test_corpora_standoff.py::test_a_mention_that_differs_in_punctuation_is_read_as_the_text_has_it_and_counted
    test_corpora_layouts.py::test_an_offset_that_misses_its_mention_is_not_repaired
mentions that differ from their tokens:
    test_corpora_documents_level.py::test_a_docred_name_that_differs_in_white_space_is_kept_and_another_one_loses_its_place
    test_corpora_documents_level.py::test_oneie_arguments_are_entities_by_id_and_a_text_that_is_not_there_has_no_place
    test_corpora_documents_level.py::test_a_oneie_trigger_with_another_text_has_no_place_and_is_counted
    test_corpora_documents_level.py::test_wikievents_gets_back_the_white_space_that_its_offsets_count
    test_corpora_relations.py::test_fewrel_names_are_told_apart_by_spelling_and_by_meaning
mentions that the text lacks, or has in another case:
    test_corpora_relations.py::test_copyre_keeps_a_mention_that_is_not_in_the_text_and_a_pair_without_a_relation
    test_corpora_relations.py::test_dialogre_pairs_have_several_relations_or_none_and_triggers_beside_them
    test_corpora_checking.py::test_mentions_that_are_not_in_the_text_are_a_warning
mentions that occur more than once, without offsets:
    test_corpora_traps.py::test_a_string_without_offsets_gets_no_place_however_often_it_stands_there
    test_corpora_relations.py::test_ade_mentions_stay_without_a_place_where_offsets_do_not_settle_it
    test_corpora_annotation_tools.py::test_paddle_head_at_several_places_is_ungrounded
one mention with several offsets:
    test_corpora_layouts.py::test_cluener_ends_are_inclusive_and_a_mention_may_stand_twice
nested mentions:
    test_corpora_standoff.py::test_mentions_may_be_nested_cross_share_their_place_and_be_said_twice
    test_corpora_tokens.py::test_several_tag_columns_are_layers_of_nested_mentions
    test_corpora_mapping.py::test_ends_of_relations_that_are_the_only_mentions_may_be_nested
    test_corpora_documents_level.py::test_dygie_counts_tokens_from_the_document_and_its_ends_are_inclusive
mentions that cross:
    test_corpora_standoff.py::test_mentions_may_be_nested_cross_share_their_place_and_be_said_twice
    test_corpora_annotation_tools.py::test_labelstudio_regions_nest_cross_and_span_lines
one span with two types:
    test_corpora_standoff.py::test_mentions_may_be_nested_cross_share_their_place_and_be_said_twice
    test_corpora_relations.py::test_spert_spans_are_exclusive_and_a_span_may_have_two_types
    test_corpora_mapping.py::test_ends_inclusive_nested_and_of_two_types_in_a_long_text_are_read_as_they_are_guessed
discontinuous mentions:
    test_corpora_layouts.py::test_phee_sub_roles_are_roles_and_fragments_stand_in_the_order_of_the_text
    test_corpora_standoff.py::test_a_discontinuous_mention_is_its_fragments_in_text_order_joined_by_one_space
    test_corpora_annotation_tools.py::test_w2ner_indices_with_gaps_are_discontinuous_mentions
duplicate triples:
    test_corpora_relations.py::test_a_repeated_triple_is_kept_once_and_counted
    test_corpora_traps.py::test_a_triple_that_is_said_twice_is_one_and_counted
duplicate entities:
    test_corpora_annotation_tools.py::test_doccano_duplicate_spans_are_kept_and_counted
    test_corpora_standoff.py::test_mentions_may_be_nested_cross_share_their_place_and_be_said_twice
    test_corpora_checking.py::test_entities_and_relations_that_are_said_twice_are_told_whatever_the_layout
one sentence on many records:
    test_corpora_relations.py::test_ade_lines_of_one_sentence_are_one_document_grounded_by_what_their_offsets_have_in_common
    test_corpora_relations.py::test_marked_lines_of_one_sentence_are_one_document_and_square_brackets_hold_the_head
    test_corpora_annotation_tools.py::test_paddle_prompts_of_one_text_are_one_document_wherever_they_stand
    test_corpora_instructions.py::test_universalner_questions_about_one_text_are_one_document
    test_corpora_instructions.py::test_iepile_test_rows_share_an_id_and_each_repeats_the_whole_label
a pair with several relations, or reversed:
    test_corpora_relations.py::test_copyre_strings_are_untyped_entities_without_a_place_each_once
    test_corpora_relations.py::test_crossre_ends_are_inclusive_and_pairs_have_several_relations
    test_corpora_relations.py::test_dialogre_pairs_have_several_relations_or_none_and_triggers_beside_them
relations of an entity to itself:
    test_corpora_relations.py::test_copyre_last_words_may_be_related_to_themselves
events with one trigger:
    test_corpora_layouts.py::test_duee_events_may_share_a_trigger_and_fill_a_role_twice
    test_corpora_layouts.py::test_phee_annotations_of_several_events_may_share_a_trigger
    test_corpora_standoff.py::test_an_argument_may_be_an_event_that_is_told_later_and_two_events_may_share_a_trigger
events as arguments:
    test_corpora_standoff.py::test_an_argument_may_be_an_event_that_is_told_later_and_two_events_may_share_a_trigger
a role that is filled twice:
    test_corpora_layouts.py::test_duee_events_may_share_a_trigger_and_fill_a_role_twice
    test_corpora_layouts.py::test_phee_sub_roles_are_roles_and_fragments_stand_in_the_order_of_the_text
    test_corpora_standoff.py::test_numbers_of_roles_are_taken_off_unless_they_are_to_be_kept
records in which nothing is annotated:
    test_corpora_traps.py::test_a_record_in_which_nothing_was_found_is_annotated
    test_corpora_annotation_tools.py::test_prodigy_rows_without_spans_hold_nothing
    test_corpora_instructions.py::test_universalner_questions_about_one_text_are_one_document
unlabelled test files:
    test_corpora_traps.py::test_a_file_without_annotation_is_refused_and_not_taken_for_one_in_which_nothing_was_found
    test_corpora_layouts.py::test_a_cluener_line_without_labels_is_not_taken_for_one_without_entities
    test_corpora_traps.py::test_events_of_bionlp_whose_file_is_kept_back_are_no_document_without_events
placeholders that pose as gold:
    test_corpora_checking.py::test_placeholders_that_pose_as_gold_are_told_as_mentions_that_are_not_in_the_text
label typos and variants:
    test_corpora_checking.py::test_which_labels_look_alike
    test_corpora_checking.py::test_labels_that_look_alike_are_told_with_the_place_of_the_rarer_one
    test_corpora_standoff.py::test_events_take_the_elements_of_their_own_with_their_tags_as_roles
.json that is JSON Lines, .jsonl that is not:
    test_corpora_traps.py::test_a_suffix_does_not_say_whether_a_file_is_json_lines
    test_corpora_annotation_tools.py::test_doccano_objects_printed_over_lines_are_read_one_by_one
sentences that repeat within a split or across:
    test_corpora_checking.py::test_texts_that_occur_twice_are_warnings_within_and_across_splits
    test_corpora_repeats.py::test_texts_of_two_splits_are_counted_once_however_often_they_stand_there
"""

import ast
import json
import re
from pathlib import Path

import pytest

from uie.corpora import LAYOUTS, options_of, raise_bad
from uie.errors import CorpusError
from uie.settings import build

TESTS = Path(__file__).parent.parent


def _read(folder, layout, content, name="file.json", bad=raise_bad, **options):
    path = folder / name
    path.write_bytes(content.encode("utf-8"))
    found = LAYOUTS.get(layout)
    return list(found.read(path, build(options_of(found), options, where="test"), bad))


def _cases(*cases):
    """Each called after its layout: contents of files make no names of tests."""
    return [pytest.param(*case, id=case[0]) for case in cases]


def _line(**row):
    return json.dumps(row, ensure_ascii=False) + "\n"


def _places(document):
    return [(entity.mention.text, entity.mention.start, entity.mention.end) for entity in document.entities]


def test_every_trap_names_tests_that_exist():
    table = __doc__.rpartition("\n\n")[2]
    files = {path.name: path for path in TESTS.rglob("test_*.py")}
    known = {}

    rows = re.findall(r"^(\S.*):\n((?:    .*(?:\n|$))+)", table, re.MULTILINE)

    assert "".join(f"{trap}:\n{tests}" for trap, tests in rows) == table
    assert len(rows) == len({trap for trap, _ in rows}) > 50
    for trap, tests in rows:
        for line in tests.split():
            file, _, name = line.partition("::")
            if file not in known:
                body = ast.parse(files[file].read_text(encoding="utf-8")).body
                known[file] = {node.name for node in body if isinstance(node, ast.FunctionDef)}
            assert name in known[file], f"{trap}: {line}"


def test_mentions_in_braces_are_not_taken_for_inline_tags(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("到了{{location:宁波}}\\n下雨\n", encoding="utf-8")

    assert LAYOUTS.get("inline").guess(path) is None


@pytest.mark.parametrize(
    ("layout", "content", "options"),
    _cases(
        ("spert", {"entities": [{"type": "LOC", "start": 0, "end": 2}], "relations": []}, {}),
        ("mapping", {"entities": [{"type": "LOC", "start": 0, "end": 2}]}, {"tokens": "tokens", "entities": {"unit": "tokens"}}),
        ("mapping", {"tags": ["B-LOC", "I-LOC", "O", "O"]}, {"tokens": "tokens", "tags": "tags"}),
    ),
)
def test_tokens_in_json_may_hold_blanks_or_be_one(tmp_path, layout, content, options):
    row = {"tokens": ["Salt Lake", "City", " ", "dry"], **content}

    (document,) = _read(tmp_path, layout, json.dumps([row]), **options)

    assert document.text == "Salt Lake City   dry"
    assert document.tokens == ((0, 9), (10, 14), (15, 16), (17, 20))
    assert _places(document) == [("Salt Lake City", 0, 14)]


@pytest.mark.parametrize(
    ("layout", "content", "options"),
    _cases(
        ("inline", "到了\\n<LOC>宁波</LOC>\n", {}),
        ("slash", "到了/v \\n/w 宁波/ns\n", {"types": ["ns"]}),
        ("tokens", "到了\tO\n\\n\tO\n宁波\tB-LOC\n", {"join": "none"}),
        ("cluener", '{"text": "到了\\\\n宁波", "label": {"address": {"宁波": [[4, 5]]}}}\n', {}),
        ("doccano", '{"text": "到了\\\\n宁波", "label": [[4, 6, "LOC"]]}\n', {}),
        ("table", "text,spans\n到了\\n宁波,\"[[4, 6, 'LOC']]\"\n", {"entities": {"at": "spans", "start": 0, "end": 1, "type": 2}}),
    ),
)
def test_a_backslash_and_an_n_are_two_characters_of_the_text(tmp_path, layout, content, options):
    (document,) = _read(tmp_path, layout, content, **options)

    assert document.text == "到了" + "\\" + "n宁波"
    assert _places(document) == [("宁波", 4, 6)]


@pytest.mark.parametrize(
    ("layout", "content", "options"),
    _cases(
        ("inline", "雨" * 8338 + "<LOC>宁波</LOC>\n", {}),
        ("slash", "雨/o " * 8338 + "宁波/ns\n", {}),
        ("piped", "雨|O " * 8338 + "宁波|B-LOC\n", {"columns": 2, "join": "none"}),
        ("duee", _line(text="雨" * 8338 + "宁波", event_list=[]), {}),
        ("doccano", _line(text="雨" * 8338 + "宁波", label=[[8338, 8340, "LOC"]]), {}),
    ),
)
def test_a_line_may_be_thousands_of_characters_long(tmp_path, layout, content, options):
    (document,) = _read(tmp_path, layout, content, **options)

    assert len(document.text) == 8340
    assert layout == "duee" or _places(document) == [("宁波", 8338, 8340)]


TWICE = "Ann met Bo, and Ann left."


@pytest.mark.parametrize(
    ("layout", "content"),
    _cases(
        ("copyre", _line(sentText=TWICE, relationMentions=[{"em1Text": "Ann", "em2Text": "Bo", "label": "met"}])),
        ("triples", json.dumps([{"text": TWICE, "triple_list": [["Ann", "met", "Bo"]]}])),
        (
            "spo",
            _line(
                text=TWICE,
                spo_list=[{"subject": "Ann", "subject_type": "P", "predicate": "met", "object": "Bo", "object_type": "P"}],
            ),
        ),
        ("dialogre", json.dumps([[[TWICE], [{"x": "Ann", "y": "Bo", "x_type": "P", "y_type": "P", "r": ["met"], "t": [""]}]]])),
        ("knowlm", _line(instruction="…", input=TWICE, output="(Ann,met,Bo)")),
        ("oneke", _line(sentence=TWICE, entity_list=[{"name": "Ann", "type": "P"}, {"name": "Bo", "type": "P"}])),
    ),
)
def test_a_string_without_offsets_gets_no_place_however_often_it_stands_there(tmp_path, layout, content):
    (document,) = _read(tmp_path, layout, content)

    assert _places(document) == [("Ann", None, None), ("Bo", None, None)]


@pytest.mark.parametrize(
    ("layout", "content"),
    _cases(
        ("copyre", _line(sentText=TWICE, relationMentions=[{"em1Text": "Ann", "em2Text": "Bo", "label": "met"}] * 2)),
        (
            "spo",
            _line(
                text=TWICE,
                spo_list=[{"subject": "Ann", "subject_type": "P", "predicate": "met", "object": "Bo", "object_type": "P"}] * 2,
            ),
        ),
        ("ade", f"7|{TWICE}|Ann|0|3|Bo|8|10\n" * 2),
    ),
)
def test_a_triple_that_is_said_twice_is_one_and_counted(tmp_path, layout, content):
    (document,) = _read(tmp_path, layout, content)

    assert [(one.head, one.tail) for one in document.relations] == [(0, 1)]
    assert document.meta["duplicates"] == 1


@pytest.mark.parametrize(
    ("layout", "content", "options", "kind"),
    _cases(
        ("tokens", "今\tO\n天\tO\n", {"join": "none"}, "entities"),
        ("cluener", '{"text": "今天", "label": {}}\n', {}, "entities"),
        ("entity_list", '{"text": "今天", "entity_list": []}\n', {}, "entities"),
        ("doccano", '{"text": "今天", "label": []}\n', {}, "entities"),
        ("prodigy", '{"text": "今天", "answer": "accept"}\n', {}, "entities"),
        ("paddle", '{"content": "今天", "result_list": [], "prompt": "人物"}\n', {}, "entities"),
        ("records", '{"instruct": "…", "query": "文本：今天", "answer": "没有"}\n', {"format": "lines.seed001"}, "entities"),
        ("crossre", '{"sentence": ["今天"], "ner": [[0, 0, "时间"]], "relations": []}\n', {}, "relations"),
        ("spo", '{"text": "今天", "spo_list": []}\n', {}, "relations"),
        ("duee", '{"text": "今天", "event_list": []}\n', {}, "events"),
    ),
)
def test_a_record_in_which_nothing_was_found_is_annotated(tmp_path, layout, content, options, kind):
    (document,) = _read(tmp_path, layout, content, **options)

    assert document.text == "今天"
    assert getattr(document, kind) == ()


@pytest.mark.parametrize(
    ("layout", "content", "options", "message"),
    _cases(
        ("tokens", "Ida\nleft\n", {}, ":1: expected 2 columns parted by white space, found 1: 'Ida'."),
        ("tokens", "Ida\tNNP\nleft\tVBD\n", {}, ":1: token 1: the tag 'NNP' is not one of IOB2: expected O, B-TYPE, I-TYPE."),
        ("spo", '{"text": "今天"}\n', {}, ":1: the key 'spo_list' is missing."),
        ("duee", '{"text": "今天"}\n', {}, ":1: the key 'event_list' is missing."),
        ("entity_list", '{"text": "今天"}\n', {}, ":1: the key 'entity_list' is missing."),
        ("triples", '[{"text": "今天"}]', {}, ":item 0: the key 'triple_list' is missing."),
        ("mapping", '{"text": "今天"}\n', {"entities": {}}, ":1: the key 'entities' is missing; there is text."),
        (
            "doccano",
            '{"text": "今天"}\n',
            {},
            ":1: there is none of the keys entities, annotations, labels, label; the row has text. Name yours: label: KEY.",
        ),
    ),
)
def test_a_file_without_annotation_is_refused_and_not_taken_for_one_in_which_nothing_was_found(
    tmp_path, layout, content, options, message
):
    told = []

    assert _read(tmp_path, layout, content, bad=lambda error, raw: told.append(str(error)), **options) == []
    assert told == [f"{tmp_path}/file.json{message}"]


def test_events_of_bionlp_whose_file_is_kept_back_are_no_document_without_events(tmp_path):
    (tmp_path / "note.a1").write_text("T1\tProtein 0 1\tA\n", encoding="utf-8")

    with pytest.raises(CorpusError) as error:
        _read(tmp_path, "brat", "A grows", name="note.txt", annotations=["a1", "a2"], holds=["events"])

    assert str(error.value) == f"{tmp_path}/note.a2: no such file. The folder holds: note.a1, note.txt."


ROWS = [{"text": "Ann left.", "entities": [[0, 3]]}, {"text": "Bo left.", "entities": [[0, 2]]}]


@pytest.mark.parametrize("name", ["rows.json", "rows.jsonl", "rows.txt"])
@pytest.mark.parametrize(
    "content",
    [
        "".join(_line(**row) for row in ROWS),
        json.dumps(ROWS),
        json.dumps(ROWS, indent=4),
        "\n".join(json.dumps(row, indent=4) for row in ROWS),
    ],
    ids=["lines", "array", "printed array", "printed objects"],
)
def test_a_suffix_does_not_say_whether_a_file_is_json_lines(tmp_path, name, content):
    documents = _read(tmp_path, "mapping", content, name, entities={"start": 0, "end": 1, "type": None})

    assert [_places(document) for document in documents] == [[("Ann", 0, 3)], [("Bo", 0, 2)]]

"""Llama in Meta's layout, written here from a random Hugging Face one by its published rules, and read back."""

import json
import os
from pathlib import Path

import pytest
import sentencepiece
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from uie.errors import ModelError
from uie.models.llama_shards import convert_llama
from uie.models.loading import load_base, load_tokenizer
from uie.models.sources import resolve

HEADS, KV_HEADS, DIM = 4, 2, 32
TEXTS = ["Text: Mira met  Anton in Oslo.", "Anton lives in Lima.\nNone", "找出文中的人名和地名。", "quite new: ≠ 米拉"]


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=330,
        hidden_size=DIM,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
        num_key_value_heads=KV_HEADS,
        rms_norm_eps=1e-5,
        initializer_range=0.2,
        tie_word_embeddings=False,
    )
    return LlamaForCausalLM(config).eval()


@pytest.fixture(scope="module")
def tokenizer_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS[:3] * 5),
        model_prefix=str(folder / "tokenizer"),
        vocab_size=330,
        model_type="bpe",
        byte_fallback=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        minloglevel=2,
    )
    return folder / "tokenizer.model"


def interleaved(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Row i of a head's first half and row i of its second half become neighbours, as Meta's rotation expects them."""
    size = weight.shape[0] // heads
    order = [head * size + half * size // 2 + i for head in range(heads) for i in range(size // 2) for half in (0, 1)]
    return weight[order]


def as_meta_has_it(model: LlamaForCausalLM) -> dict[str, tuple[torch.Tensor, int | None]]:
    """Weights under Meta's names with the dimension that its model parallelism divides."""
    found = {
        "tok_embeddings.weight": (model.model.embed_tokens.weight, 1),
        "norm.weight": (model.model.norm.weight, None),
        "output.weight": (model.lm_head.weight, 0),
        "rope.freqs": (torch.ones(4), None),
    }
    for number, layer in enumerate(model.model.layers):
        found |= {
            f"layers.{number}.attention.wq.weight": (interleaved(layer.self_attn.q_proj.weight, HEADS), 0),
            f"layers.{number}.attention.wk.weight": (interleaved(layer.self_attn.k_proj.weight, KV_HEADS), 0),
            f"layers.{number}.attention.wv.weight": (layer.self_attn.v_proj.weight, 0),
            f"layers.{number}.attention.wo.weight": (layer.self_attn.o_proj.weight, 1),
            f"layers.{number}.feed_forward.w1.weight": (layer.mlp.gate_proj.weight, 0),
            f"layers.{number}.feed_forward.w2.weight": (layer.mlp.down_proj.weight, 1),
            f"layers.{number}.feed_forward.w3.weight": (layer.mlp.up_proj.weight, 0),
            f"layers.{number}.attention_norm.weight": (layer.input_layernorm.weight, None),
            f"layers.{number}.ffn_norm.weight": (layer.post_attention_layernorm.weight, None),
            f"layers.{number}.attention.inner_attention.rope.freqs": (torch.ones(4), None),
        }
    return found


@pytest.fixture
def original(model, tokenizer_file, tmp_path):
    """Writes the model as Meta would, in so many shards."""

    def write(shards: int = 1, *, dtype: torch.dtype = torch.float32, rows: bool = False, **params: object) -> Path:
        folder = tmp_path / "LLaMA" / "7B"
        folder.mkdir(parents=True)
        sizes = {"dim": DIM, "n_heads": HEADS, "n_kv_heads": KV_HEADS, "n_layers": 2, "norm_eps": 1e-5, "vocab_size": -1}
        (folder / "params.json").write_text(json.dumps({**sizes, **params}))
        (folder.parent / "tokenizer.model").write_bytes(tokenizer_file.read_bytes())
        for shard in range(shards):
            part = {}
            for key, (weight, dimension) in as_meta_has_it(model).items():
                if rows and key == "tok_embeddings.weight":
                    dimension = 0
                piece = weight if dimension is None else weight.chunk(shards, dim=dimension)[shard]
                part[key] = piece.detach().clone().to(dtype)
            torch.save(part, folder / f"consolidated.{shard:02}.pth")
        return folder

    return write


def logits(model) -> torch.Tensor:
    with torch.no_grad():
        return model(input_ids=torch.tensor([[5, 6, 7, 8, 9, 10]])).logits


def read(folder: Path):
    return load_base(folder, dtype=torch.float32, device=torch.device("cpu"))


@pytest.mark.parametrize(("shards", "rows"), [(1, False), (2, False), (2, True)], ids=["one", "two", "two, tokens divided"])
def test_a_converted_model_says_what_the_original_says(original, model, tmp_path, shards, rows) -> None:
    folder = original(shards, rows=rows)

    convert_llama(folder, tmp_path / "out")

    torch.testing.assert_close(logits(read(tmp_path / "out")), logits(model), rtol=0, atol=0)
    assert resolve(str(tmp_path / "out")).kind == "model"


def test_the_converted_tokenizer_cuts_as_sentencepiece_does(original, tokenizer_file, tmp_path) -> None:
    convert_llama(original(), tmp_path / "out")

    tokenizer = load_tokenizer(resolve(str(tmp_path / "out")))
    expected = sentencepiece.SentencePieceProcessor(model_file=str(tokenizer_file))
    assert [tokenizer(text)["input_ids"] for text in TEXTS] == [expected.encode(text, add_bos=True) for text in TEXTS]
    assert [tokenizer.decode(expected.encode(text)) for text in TEXTS] == TEXTS
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.model_max_length) == (1, 2, 4096)


@pytest.mark.parametrize(
    ("params", "positions", "expected", "theta"),
    [
        ({"norm_eps": 1e-6}, None, 2048, 1e4),
        ({"norm_eps": 1e-5}, None, 4096, 1e4),
        ({"rope_theta": 1000000}, None, 16384, 1e6),
        ({"norm_eps": 1e-5}, 2048, 2048, 1e4),
    ],
    ids=["Llama 1", "Llama 2", "Code Llama", "as said"],
)
def test_positions_are_those_of_the_generation(original, tmp_path, params, positions, expected, theta) -> None:
    convert_llama(original(dtype=torch.float16, **params), tmp_path / "out", positions=positions)

    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert (config["max_position_embeddings"], config["rope_parameters"]["rope_theta"]) == (expected, theta)
    assert config["dtype"] == "float16"
    assert (config["bos_token_id"], config["eos_token_id"], config["intermediate_size"]) == (1, 2, 48)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["command"], manifest["shards"]) == ("models convert", ["consolidated.00.pth"])


def smaller(folder: Path) -> None:
    """The same model with embeddings for 300 tokens, fewer than the tokenizer knows."""
    path = folder / "consolidated.00.pth"
    weights = torch.load(path, weights_only=True)
    torch.save({key: value[:300] if value.shape[0] == 330 else value for key, value in weights.items()}, path)


class Malice:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


def refusal(folder: Path, tmp_path: Path) -> str:
    with pytest.raises(ModelError) as error:
        convert_llama(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "plain pickle"])
def test_a_shard_that_would_run_something_is_refused_and_nothing_is_run(original, tmp_path, zipped) -> None:
    folder = original()
    path = folder / "consolidated.00.pth"
    torch.save({"norm.weight": Malice(tmp_path / "was_run")}, path, _use_new_zipfile_serialization=zipped)

    assert refusal(folder, tmp_path) == (
        f"{path}: not tensors only: it wants to run {os.mkdir.__module__}.mkdir; nothing of it was run. "
        "Take the file from its publisher."
    )
    assert not (tmp_path / "was_run").exists()


def test_a_cut_off_shard_is_one_line(original, tmp_path) -> None:
    folder = original()
    path = folder / "consolidated.00.pth"
    path.write_bytes(path.read_bytes()[:5000])

    assert refusal(folder, tmp_path) == (
        f"{path}: not tensors only: it is cut off, of another kind, or not readable; nothing of it was run. Take the file from its publisher."
    )


def test_a_shard_that_is_missing_in_the_middle_is_named(original, tmp_path) -> None:
    folder = original(4)
    (folder / "consolidated.02.pth").unlink()

    assert refusal(folder, tmp_path) == (
        f"{folder}: consolidated.02.pth is missing, and consolidated.03.pth is there; copy it too."
    )


def test_missing_shards_at_the_end_are_counted(original, tmp_path) -> None:
    folder = original(2)
    (folder / "consolidated.01.pth").unlink()

    assert refusal(folder, tmp_path) == f"{folder}: the model is divided into 2 shards, found 1: consolidated.01.pth is missing."


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda folder: (folder / "params.json").unlink(),
            "{folder}/params.json: no such file; copy it from where the .pth files came from.",
        ),
        (
            lambda folder: (folder / "params.json").write_text('{"dim": 32}'),
            "{folder}/params.json: expected dim, n_heads, n_layers and norm_eps, found no n_heads, n_layers, norm_eps.",
        ),
        (
            lambda folder: (folder.parent / "tokenizer.model").unlink(),
            "{folder}: no tokenizer.model in it or in {folder.parent}; copy it there.",
        ),
        (
            lambda folder: (folder / "tokenizer.model").write_text("IQ== 0\n"),
            "{folder}/tokenizer.model: not a sentencepiece model; Llama 3's is not, but Llama 3 is published for transformers.",
        ),
        (
            lambda folder: (folder / "consolidated.00.pth").unlink(),
            "{folder}: no consolidated.00.pth; expected a model as Meta published it, such as LLaMA/7B.",
        ),
        (
            lambda folder: torch.save({"a.weight": torch.ones(2)}, folder / "consolidated.00.pth"),
            "{folder}: 'a.weight' is no weight of Llama 1 or 2; expected Meta's names, such as layers.0.attention.wq.weight.",
        ),
        (smaller, "{folder}: the tokenizer knows 330 tokens, the model 300; they do not belong together."),
        (
            lambda folder: torch.save([torch.ones(2)], folder / "consolidated.00.pth"),
            "{folder}/consolidated.00.pth: expected tensors by name, found list.",
        ),
    ],
    ids=["no params", "few params", "no tokenizer", "other tokenizer", "no shard", "other model", "few tokens", "a list"],
)
def test_what_does_not_fit_is_told_in_one_line(original, tmp_path, change, expected) -> None:
    folder = original()
    change(folder)

    assert refusal(folder, tmp_path) == expected.format(folder=folder)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"n_layers": 3}, "the shards do not make the model of params.json: "),
        (
            {"use_scaled_rope": True},
            "this is Llama 3, which is published for transformers as well; fetch that instead of converting.",
        ),
    ],
)
def test_params_of_another_model_are_refused(original, tmp_path, params, expected) -> None:
    folder = original(**params)

    assert refusal(folder, tmp_path).startswith(f"{folder}: {expected}")


def test_the_command_prints_the_folder(original, tmp_path) -> None:
    from click.testing import CliRunner

    from uie.cli import cli

    done = CliRunner().invoke(cli, ["models", "convert", str(original()), str(tmp_path / "out")])

    assert (done.exit_code, done.stdout) == (0, f"{tmp_path / 'out'}\n")

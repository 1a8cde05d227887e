"""Prompts as token ids → tokens with their log-probabilities, by OpenVINO GenAI's continuous batching."""

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import torch
from openvino_genai import ContinuousBatchingPipeline, GenerationConfig, GenerationStatus, SchedulerConfig, StructuredOutputConfig

from uie.generation import Sampling

# Where the precision of the cache is not said, GenAI takes float16 for it whatever it computes in.
_PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}


@dataclass(eq=False)
class Request:
    """A prompt that was sent, and its answer as far as it has come; `seconds` since then.

    `dropped`: there is no room for it in the cache.
    """

    handle: Any
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    ended: bool = False
    dropped: bool = False
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    def read(self) -> None:
        while self.handle.can_read():
            for piece in self.handle.read().values():
                self.tokens += piece.generated_ids
                self.logprobs += piece.generated_log_probs
        status = self.handle.get_status()
        self.ended = status != GenerationStatus.RUNNING
        self.dropped = status == GenerationStatus.IGNORED
        self.seconds = time.monotonic() - self.started


class Requests:
    """The pipeline and what is under way in it. What it has read of a prompt serves later ones that begin alike."""

    def __init__(self, gguf: Path, *, dtype: str) -> None:
        scheduler = SchedulerConfig()
        scheduler.enable_prefix_caching = True
        precision = _PRECISIONS[dtype]
        self._pipeline = ContinuousBatchingPipeline(
            gguf,
            scheduler,
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": precision,
                "KV_CACHE_PRECISION": precision,
                # OpenVINO itself knows nothing of OMP_NUM_THREADS, and cannot do bfloat16 (2026.4: it dies) with one thread.
                "INFERENCE_NUM_THREADS": max(torch.get_num_threads(), 2 if dtype == "bfloat16" else 1),
            },
        )
        self._under_way: list[Request] = []
        self._sent = 0

    def send(self, ids: list[int], sampling: Sampling, *, ends: Collection[int], ebnf: str | None = None) -> Request:
        """Begins an answer, which ends with one of `ends` or `sampling.max_new_tokens` long."""
        config = GenerationConfig()
        config.max_new_tokens = sampling.max_new_tokens
        config.stop_token_ids = set(ends)
        config.set_eos_token_id(min(ends))  # else what the file calls end-of-sequence ends answers too
        config.logprobs = int(sampling.logprobs)
        if sampling.temperature:
            config.do_sample = True
            config.temperature, config.top_p = sampling.temperature, sampling.top_p
            config.rng_seed = hash((sampling.seed, *ids)) % 2**32
        if ebnf is not None:
            config.structured_output_config = StructuredOutputConfig(grammar=ebnf)
        prompt = openvino.Tensor(np.array([ids], dtype=np.int64))
        request = Request(self._pipeline.add_request(self._sent, prompt, config))
        self._sent += 1
        self._under_way.append(request)
        return request

    def step(self) -> list[Request]:
        """Lets all requests grow by a token, or by a part of their prompt. Those which have ended by it."""
        self._pipeline.step()
        for request in self._under_way:
            request.read()
        ended = [request for request in self._under_way if request.ended]
        self._under_way = [request for request in self._under_way if not request.ended]
        return ended

    def cancel(self) -> None:
        """Ends what is under way."""
        for request in self._under_way:
            request.handle.cancel()
        while self._pipeline.has_non_finished_requests():
            self._pipeline.step()
        self._under_way = []

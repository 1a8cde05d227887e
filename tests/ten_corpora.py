"""The corpora that tests take which go through every task and format.

They hold every kind of annotation in both languages; all sixty would take CI many minutes more and show nothing else.
"""

TEN = (
    "cluener2020",
    "conll04_json",
    "duee",
    "duie_spo",
    "msra_bio",
    "msra_instruct",
    "phee",
    "sample_en",
    "sample_zh",
    "wnut17",
)

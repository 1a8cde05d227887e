"""Words that answer rules share: what a slot and a whole item are called, by language."""

from uie.tasks.items import Row

SLOT_NAMES = {
    "en": {
        "mention": "mention", "type": "type", "head": "head", "head_type": "type", "relation": "relation", "tail": "tail",
        "tail_type": "type", "trigger": "trigger", "event": "type", "argument": "argument", "role": "role",
    },
    "zh": {
        "mention": "实体", "type": "类型", "head": "头实体", "head_type": "头实体类型", "relation": "关系", "tail": "尾实体",
        "tail_type": "尾实体类型", "trigger": "触发词", "event": "事件类型", "argument": "论元", "role": "角色",
    },
}  # fmt: skip
NONE_RULE = {"en": "If there is none, write None.", "zh": "如果没有，写“没有”。"}


def thing(task: str, row: Row) -> str:
    """What one item of the task's answer is called in English."""
    if task in ("EP", "KG"):
        return "pair" if task == "EP" else "attribute"
    return {"head": "relation", "trigger": "event"}.get(row[0], row[0])

"""A program that uses a generated client as its author would: a bulk, a slot, a change of a task.

Run by the interpreter of the generator, which has the libraries that a generated client needs: generated.py FOLDER URL
"""

import json
import sys

sys.path.insert(0, sys.argv[1])

from hub_client import Client
from hub_client.api.slots import post_slots
from hub_client.api.tasks import get_task_id, patch_task_id, post_task_bulk
from hub_client.models import (
    BulkRequest,
    ChangeRequest,
    CreatedAnswer,
    CreateRequest,
    PostConfig,
    Refused,
    SlotChangeAnswer,
    SlotFields,
    TaskChangeAnswer,
    TaskObjectAnswer,
)

client = Client(base_url=sys.argv[2])


def post(account: str, day: int) -> CreateRequest:
    return CreateRequest(
        script_name="post",
        script_config=PostConfig(captions=f"by a generated client {day}", material_list=["clip.mp4"]),
        usernames=[account],
        start_time=f"2027-02-{day:02} 18:30",
    )


bulk = post_task_bulk.sync(client=client, body=BulkRequest(tasks=[post("@alice", 1), post("@bob", 2)]))
assert isinstance(bulk, CreatedAnswer), bulk
first, second = bulk.data.task_ids

slot = post_slots.sync(
    client=client,
    body=SlotFields(
        usernames=["@alice"], times=["12:00"], script_config=PostConfig(materials_tags="workshop")
    ),
)
assert isinstance(slot, SlotChangeAnswer), slot

before = get_task_id.sync(id=first, client=client)
assert isinstance(before, TaskObjectAnswer), before
change = {"client": client, "if_match": str(before.data.version)}
changed = patch_task_id.sync(
    id=first, body=ChangeRequest(captions="changed", start_time="2027-02-03 09:00"), **change
)
assert isinstance(changed, TaskChangeAnswer), changed
late = patch_task_id.sync(id=first, body=ChangeRequest(captions="too late"), **change)
assert isinstance(late, Refused), late
missing = get_task_id.sync(id=999_999, client=client)
assert isinstance(missing, Refused), missing

print(
    json.dumps(
        {
            "task_ids": [first, second],
            "slot": slot.data.slot.id,
            "version": changed.data.task.version,
            "refused": [late.code, missing.code],
        }
    )
)

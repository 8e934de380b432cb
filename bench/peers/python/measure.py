"""What both programs share: the CPU time of this process for each of so many pages and puts."""

import json
import sys
import time

ENDPOINT = sys.argv[1]
REGION = "eu-central-1"


def each(times, work):
    for _ in range(times // 5):
        work()
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) * 1e6 / times


def measure(page, put):
    """`page` gives users, and `put` writes the one that it is given."""
    users = page()
    assert len(users) == 100, len(users)
    page_us = each(int(sys.argv[2]), page)
    put_us = each(int(sys.argv[3]), lambda: put(users[1]))
    print(json.dumps({"page_us": page_us, "put_us": put_us}))

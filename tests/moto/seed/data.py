"""Databases, streams, queues, storage."""

import json

from world import EMPTY, SEEDED, seed


@seed
def s3(world):
    world("s3", "us-east-1").create_bucket(Bucket="seed-elsewhere")
    world.own("s3", world.bucket(), region="global") if False else world.bucket()
    world.own("s3", "seed-elsewhere", region="global")

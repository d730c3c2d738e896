"""The AI service in Python: the same as ai.ts. What Holdfast does there by itself is done by hand here: trace, correlation and deadline go along."""
import json
import os
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

HERE = os.path.dirname(os.path.abspath(__file__))
BACKEND = os.environ.get("BACKEND", "http://127.0.0.1:4801")
LARGEST = 0.4  # seconds for the backend, as the policy `inside` has it

# shop.proto as it is: no code is generated.
compiled = subprocess.check_output(["protoc", f"-I{HERE}", "--descriptor_set_out=/dev/stdout", "shop.proto"])
pool = descriptor_pool.DescriptorPool()
pool.Add(descriptor_pb2.FileDescriptorSet.FromString(compiled).file[0])
factory = message_factory.MessageFactory(pool)
Question, Reply = (factory.GetPrototype(pool.FindMessageTypeByName(f"shop.{name}")) for name in ("Question", "Reply"))


def log(level, msg, **fields):
    told = {"level": level, "service": os.environ.get("HOLDFAST_SERVICE", "ai"), **fields, "msg": msg}
    print(json.dumps(told), flush=True)


class Caller:
    """What a call brought, and what calls made on its behalf bring in turn."""

    def __init__(self, context):
        received = dict(context.invocation_metadata())
        self.headers = {k: received[k] for k in ("traceparent", "x-correlation-id") if k in received}
        left = context.time_remaining()
        self.deadline = time.monotonic() + (left if left is not None else 5)
        trace = received.get("traceparent", "").split("-")
        self.ids = {"trace_id": trace[1]} if len(trace) == 4 else {}
        if "x-correlation-id" in received:
            self.ids["correlation_id"] = received["x-correlation-id"]

    def left(self):
        return max(0, self.deadline - time.monotonic())

    def get(self, path):
        within = min(self.left(), LARGEST)
        headers = {**self.headers, "x-request-timeout-ms": str(int(1000 * self.left()))}
        with urllib.request.urlopen(urllib.request.Request(BACKEND + path, headers=headers), timeout=within) as reply:
            return json.load(reply)


def answer(question, context):
    caller = Caller(context)
    log("info", "asked for an answer", left=int(1000 * caller.left()), **caller.ids)
    order = question.order
    try:
        name = caller.get(f"/customers/{order.customer}")["name"]
    except (OSError, ValueError, KeyError) as error:
        log("warn", f"without the backend: {error}", **caller.ids)
        name = "customer"
    stock = f" There are {order.in_stock} more in stock." if order.HasField("in_stock") else ""
    return Reply(text=f"Dear {name}, your {order.item} is {question.tracking}.{stock}")


method = grpc.unary_unary_rpc_method_handler(answer, Question.FromString, Reply.SerializeToString)
server = grpc.server(ThreadPoolExecutor(16))
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("shop.Ai", {"Answer": method}),))
server.add_insecure_port(f"{os.environ['HOST']}:{os.environ['PORT']}")
server.start()
server.wait_for_termination()

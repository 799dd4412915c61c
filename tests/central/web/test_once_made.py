"""What takes a second is worked out once, though all ask at once: the API's description is."""

import threading
from concurrent.futures import ThreadPoolExecutor

from central.web.memo import once
from central.web.openapi import document
from tests.waiting import PATIENCE_S, until_now

MANY = 8


def test_all_who_come_first_get_the_same() -> None:
    begun, go, coming = list[int](), threading.Event(), threading.Barrier(MANY + 1)

    @once
    def thing() -> object:
        begun.append(threading.get_ident())
        assert go.wait(PATIENCE_S)
        return object()

    def come() -> object:
        coming.wait(PATIENCE_S)
        return thing()

    with ThreadPoolExecutor(MANY) as pool:
        asked = [pool.submit(come) for _ in range(MANY)]
        coming.wait(PATIENCE_S)
        until_now(lambda: begun)
        go.set()
        first, *others = [each.result() for each in asked]
    assert len(begun) == 1 and all(each is first for each in others)


def test_the_description_is_such_a_thing() -> None:
    assert document.__code__ is once(dict).__code__

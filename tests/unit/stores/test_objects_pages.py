"""Long listings of S3: one pattern finds what is in a page, or they are left to obstore."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from hubsync.stores.objects_list import Lister
from hubsync.stores.objects_pages import Pages, Unexpected, page
from hubsync.stores.protocol import ObjectInfo
from tests.unit.stores.test_objects_quick import Asked, Server, client_of, reply, serve, status

__all__ = ["serve"]

TIME: Final = 1767225610_250_000_000
ROW: Final = ObjectInfo("a b.txt", 12, '"tag"', TIME)
OPEN: Final = '<?xml version="1.0"?>\n<ListBucketResult xmlns="x"><IsTruncated>{}</IsTruncated>'
END: Final = "</ListBucketResult>"
FIELDS: Final = (
    "<Key>in/a b.txt</Key><LastModified>2026-01-01T00:00:10.250Z</LastModified>"
    "<ETag>{}</ETag>{}<Size>12</Size><StorageClass>STANDARD</StorageClass>"
)


def listed(*contents: str, more: str = "false", rest: str = "") -> str:
    objects = "".join(f"<Contents>{one}</Contents>" for one in contents)
    return f"{OPEN.format(more)}{objects}{rest}{END}"


def fields(
    key: str = "in/a b.txt", tag: str = '"tag"', size: str = "12", time: str = "2026-01-01T00:00:10"
) -> str:
    when = f"<LastModified>{time}.250Z</LastModified>"
    return f"<Key>{key}</Key>{when}<ETag>{tag}</ETag><Size>{size}</Size>"


PAGES = {
    "as Amazon has it": listed(FIELDS.format("&quot;tag&quot;", "")),
    "with the kind of checksum": listed(
        FIELDS.format(
            "&quot;tag&quot;",
            "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>",
        )
    ),
    "without quotes": listed(FIELDS.format("tag", "")),
    "with numbers for quotes": listed(FIELDS.format("&#34;tag&#34;", "")),
    "in lines": listed("\n  " + FIELDS.format('"tag"', "").replace("><", ">\n  <") + "\n"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_read_as_each_server_writes_it(name: str) -> None:
    assert page(PAGES[name], "in/") == ([ROW], "")


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("a&amp;b", "a&b"),
        ("&lt;x&gt; &apos;y&apos; &quot;", "<x> 'y' \""),
        ("tab&#9;and&#x1F9EA;", "tab\tand🧪"),
        ("&amp;lt;", "&lt;"),
        ("ü/日本", "ü/日本"),
    ],
)
def test_what_stands_for_other_characters_is_read(written: str, key: str) -> None:
    rows, _ = page(listed(fields(f"in/{written}")), "in/")
    assert [row.key for row in rows] == [key]


def test_markers_of_folders_are_left_out() -> None:
    names = ("in/", "in/folder/", "in/file", "in/odd/")
    sizes = ("0", "0", "0", "5")
    whole = listed(*(fields(key, size=size) for key, size in zip(names, sizes, strict=True)))
    assert [row.key for row in page(whole, "in/")[0]] == ["file", "odd/"]


def test_the_next_page_is_asked_for_with_its_token() -> None:
    token = "<NextContinuationToken>1/a&amp;b==</NextContinuationToken>"
    assert page(listed(fields(), more="true", rest=token), "in/")[1] == "1/a&b=="


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>not what was asked for</html>",
        listed(fields())[: -len(END)],
        listed(fields(time="yesterday")),
        listed(fields(size="-1")),
        listed(fields(key="elsewhere/a")),
        listed(fields(key="in/&unknown;")),
        listed(fields(), "<Key>in/b</Key>"),
        listed(fields(), more="true"),
        listed(fields(), more="perhaps"),
        listed(fields(), rest="<!-- <Contents></Contents> -->"),
        listed("<Owner/>" + fields()),
    ],
)
def test_what_is_not_as_expected_is_left_alone(text: str) -> None:
    with pytest.raises((Unexpected, ValueError)):
        page(text, "in/")


def token_of(asked: Asked) -> str:
    return asked.target.partition("continuation-token=")[2].partition("&")[0]


def two_pages(asked: Asked) -> bytes:
    if token_of(asked):
        return reply(listed(fields("b")).encode())
    rest = "<NextContinuationToken>more</NextContinuationToken>"
    return reply(listed(fields("a"), more="true", rest=rest).encode())


def keys(server: Server, **options: str) -> list[str]:
    lister = Lister(client_of(server, **options), lambda keys: [None for _ in keys])
    found = [row.key for rows in lister.many("") for row in rows]
    lister.close()
    return found


def test_pages_follow_each_other_on_one_connection(serve: Callable[..., Server]) -> None:
    server = serve(two_pages)
    assert keys(server) == ["a", "b"]
    assert server.ways() == [True, True]
    assert server.connections == 1


@pytest.mark.parametrize("wrong", ["refused", "cut off", "another page", "hung up"])
@pytest.mark.parametrize("at", [0, 1])
def test_where_a_page_fails_obstore_lists_what_is_left(
    serve: Callable[..., Server], wrong: str, at: int
) -> None:
    def answer(asked: Asked) -> bytes | None:
        if not asked.quick or bool(token_of(asked)) is not bool(at):
            return two_pages(asked)
        return {
            "refused": status(b"403 Forbidden"),
            "cut off": reply(b"<?xml", b"Connection: close")[:-3],
            "another page": reply(b"<html></html>"),
            "hung up": None,
        }[wrong]

    server = serve(answer)
    assert keys(server) == ["a", "b"]
    assert not all(server.ways())


def test_with_options_that_concern_the_request_obstore_lists(serve: Callable[..., Server]) -> None:
    server = serve(two_pages)
    assert keys(server, allow_invalid_certificates="true") == ["a", "b"]
    assert not any(server.ways())


def test_a_server_that_goes_round_in_circles_is_left_to_obstore(
    serve: Callable[..., Server],
) -> None:
    server = serve(
        lambda asked: reply(
            listed(
                fields("a"),
                more="true",
                rest="<NextContinuationToken>more</NextContinuationToken>",
            ).encode()
        )
    )
    pages = Pages(client_of(server))
    with pytest.raises(Unexpected):
        list(pages.below(""))
    pages.close()
    assert len(server.asked) == 2

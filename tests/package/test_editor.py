"""The language server, talked to by a client that is used to test servers."""

import asyncio
import json
import shutil

import pytest
import pytest_asyncio
from lsprotocol import types
from pytest_lsp import make_test_lsp_client

from conftest import GOOD, ROOT, SLEEPS, report

PROJECTS = sorted(it.name for it in (ROOT / "fixtures/projects").iterdir() if it.is_dir())

CALLS = "import wait\n\n\nasync def handler(request):\n    wait.a_while()\n"
WAITS = "import time\n\n\ndef a_while():\n    time.sleep(1)\n"


def capabilities(pull):
    """An editor that asks for findings, or one that waits to be told."""
    return types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(
            diagnostic=types.DiagnosticClientCapabilities() if pull else None,
            publish_diagnostics=types.PublishDiagnosticsClientCapabilities(related_information=True),
        )
    )


class Editor:
    """One editor with one folder open."""

    def __init__(self, client, folder):
        self.client = client
        self.folder = folder

    def uri(self, name):
        return (self.folder / name).as_uri()

    def open(self, name, text=None):
        text = (self.folder / name).read_text() if text is None else text
        item = types.TextDocumentItem(uri=self.uri(name), language_id="python", version=1, text=text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))

    def change(self, name, version, *changes):
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                text_document=types.VersionedTextDocumentIdentifier(uri=self.uri(name), version=version),
                content_changes=list(changes),
            )
        )

    def whole(self, text):
        return types.TextDocumentContentChangeWholeDocument(text=text)

    async def told(self, name, number):
        """The findings of a file, once the server tells of so many."""
        async with asyncio.timeout(60):
            while len(found := self.client.diagnostics.get(self.uri(name), "unknown")) != number:
                await self.client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        return found

    async def ask(self, name):
        """The findings that the server gives when it is asked."""
        params = types.DocumentDiagnosticParams(text_document=types.TextDocumentIdentifier(uri=self.uri(name)))
        async with asyncio.timeout(60):
            return (await self.client.text_document_diagnostic_async(params)).items

    async def actions(self, name, it, only=None):
        params = types.CodeActionParams(
            text_document=types.TextDocumentIdentifier(uri=self.uri(name)),
            range=it.range,
            context=types.CodeActionContext(diagnostics=[it], only=only),
        )
        return await self.client.text_document_code_action_async(params)

    async def hover(self, name, line, character):
        params = types.HoverParams(
            text_document=types.TextDocumentIdentifier(uri=self.uri(name)),
            position=types.Position(line=line, character=character),
        )
        return await self.client.text_document_hover_async(params)


async def start(tailspike, folder, pull):
    client = make_test_lsp_client()
    await client.start_io(str(tailspike), "server")
    await client.initialize_session(
        types.InitializeParams(
            capabilities=capabilities(pull),
            workspace_folders=[types.WorkspaceFolder(uri=folder.as_uri(), name="project")],
        )
    )
    return Editor(client, folder)


@pytest_asyncio.fixture
async def pushed(tailspike, project):
    """An editor that is told."""
    editor = await start(tailspike, project, pull=False)
    yield editor
    await editor.client.shutdown_session()


@pytest_asyncio.fixture
async def pulling(tailspike, project):
    """An editor that asks."""
    editor = await start(tailspike, project, pull=True)
    yield editor
    await editor.client.shutdown_session()


def apply(text, edits):
    """The text after the edits of an action; positions are counted in UTF-16, and these texts are ASCII."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    at = lambda position: starts[position.line] + position.character  # noqa: E731
    for edit in sorted(edits, key=lambda it: at(it.range.start), reverse=True):
        text = text[: at(edit.range.start)] + edit.new_text + text[at(edit.range.end) :]
    return text


async def test_findings_are_told_on_open_and_after_each_change(pushed):
    pushed.open("app.py")
    [it] = await pushed.told("app.py", 1)
    assert (it.code, it.source, it.severity) == ("blocking-sleep", "tailspike", types.DiagnosticSeverity.Error)
    assert (it.range.start.line, it.range.start.character, it.range.end.character) == (4, 4, 17)
    pushed.change("app.py", 2, pushed.whole(GOOD))
    await pushed.told("app.py", 0)
    # In UTF-16 an emoji is two, as here before the call.
    pushed.change("app.py", 3, pushed.whole(SLEEPS.replace("    time", "    '\U0001f600'; time")))
    [it] = await pushed.told("app.py", 1)
    assert (it.range.start.line, it.range.start.character) == (4, 10)


async def test_a_part_of_a_file_is_changed(pushed):
    pushed.open("app.py", SLEEPS + "# '\U0001f600'\n")
    await pushed.told("app.py", 1)
    place = types.Range(start=types.Position(line=4, character=4), end=types.Position(line=4, character=17))
    pushed.change("app.py", 2, types.TextDocumentContentChangePartial(range=place, text="pass"))
    await pushed.told("app.py", 0)


async def test_a_chain_through_an_unsaved_file_is_followed(pushed):
    (pushed.folder / "wait.py").write_text("def a_while():\n    pass\n")
    (pushed.folder / "app.py").write_text(CALLS)
    pushed.open("app.py")
    await pushed.told("app.py", 0)
    pushed.open("wait.py", WAITS)
    [it] = await pushed.told("app.py", 1)
    places = [(step.location.uri, step.location.range.start.line) for step in it.related_information]
    assert places == [(pushed.uri("app.py"), 4), (pushed.uri("wait.py"), 4)]
    # Closed without saving: what is on disk counts again.
    params = types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri=pushed.uri("wait.py")))
    pushed.client.text_document_did_close(params)
    await pushed.told("app.py", 0)


async def test_a_file_that_was_never_saved_is_one_of_the_project(pushed):
    pushed.open("fresh.py", SLEEPS)
    await pushed.told("fresh.py", 1)
    pushed.open("wait.py", WAITS)
    (pushed.folder / "app.py").write_text(CALLS)
    pushed.open("app.py")
    [it] = await pushed.told("app.py", 1)
    assert it.related_information[-1].location.uri == pushed.uri("wait.py")
    # Once it is there, it is a file like the others.
    (pushed.folder / "fresh.py").write_text(GOOD)
    pushed.change("fresh.py", 2, pushed.whole(GOOD))
    await pushed.told("fresh.py", 0)


async def test_findings_are_given_when_asked_for(pulling):
    pulling.open("app.py")
    [it] = await pulling.ask("app.py")
    assert it.code == "blocking-sleep"
    pulling.change("app.py", 2, pulling.whole(GOOD))
    assert not await pulling.ask("app.py")


async def test_the_findings_are_those_of_check(pulling, tailspike):
    (pulling.folder / "wait.py").write_text(WAITS)
    (pulling.folder / "app.py").write_text(CALLS + SLEEPS)
    pulling.open("app.py")
    given = await pulling.ask("app.py")
    checked = report(tailspike, pulling.folder)["findings"]
    assert [(it.range.start.line + 1, it.range.start.character + 1, it.code) for it in given] == [
        (it["line"], it["column"], it["rule"]) for it in checked if it["path"] == "app.py"
    ]
    assert len(given) == 2


@pytest.mark.parametrize("name", PROJECTS)
async def test_after_edits_the_findings_are_still_those_of_check(tailspike, tmp_path, name):
    """Every file is first shown empty, then with a remark above, then as it is."""
    folder = tmp_path / name
    shutil.copytree(ROOT / "fixtures/projects" / name, folder)
    (folder / ".git").mkdir()
    editor = await start(tailspike, folder, pull=True)
    files = sorted(it.relative_to(folder).as_posix() for it in folder.rglob("*.py"))
    texts = {it: (folder / it).read_text() for it in files}
    for it in files:
        editor.open(it, "")
    await editor.ask(files[0])
    for version, above in [(2, "# a remark\n"), (3, "")]:
        for it in files:
            editor.change(it, version, editor.whole(above + texts[it]))
        await editor.ask(files[-1])
    checked = report(tailspike, folder)["findings"]
    for it in files:
        given = sorted((one.range.start.line + 1, one.code) for one in await editor.ask(it) if one.code)
        assert given == sorted((one["line"], one["rule"]) for one in checked if one["path"] == it), it
    await editor.client.shutdown_session()


async def test_a_finding_is_mended_or_accepted(pulling):
    pulling.open("app.py")
    [it] = await pulling.ask("app.py")
    mend, accept = await pulling.actions("app.py", it)
    assert mend.is_preferred
    mended = apply(SLEEPS, mend.edit.changes[pulling.uri("app.py")])
    assert mended == "import asyncio\n" + SLEEPS.replace("time.sleep", "await asyncio.sleep")
    accepted = apply(SLEEPS, accept.edit.changes[pulling.uri("app.py")])
    assert accepted == SLEEPS.replace("sleep(1)", "sleep(1)  # tailspike: ignore[blocking-sleep]")
    pulling.change("app.py", 2, pulling.whole(accepted))
    assert not await pulling.ask("app.py")
    pulling.change("app.py", 3, pulling.whole(mended))
    assert not await pulling.ask("app.py")


async def test_all_that_is_safe_is_mended_at_once(pulling):
    twice = SLEEPS + "    time.sleep(2)\n"
    pulling.open("app.py", twice)
    first, _ = await pulling.ask("app.py")
    [action] = await pulling.actions("app.py", first, only=[types.CodeActionKind.SourceFixAll])
    mended = apply(twice, action.edit.changes[pulling.uri("app.py")])
    assert mended == "import asyncio\n" + twice.replace("time.sleep", "await asyncio.sleep")


async def test_hover_shows_the_page_of_the_rule(pulling):
    pulling.open("app.py", SLEEPS + "\n# tailspike: ignore[dangling-task]\n")
    await pulling.ask("app.py")
    assert "What it does" in (await pulling.hover("app.py", 4, 6)).contents.value
    assert "dangling" in (await pulling.hover("app.py", 6, 24)).contents.value
    assert await pulling.hover("app.py", 0, 0) is None


async def test_a_changed_configuration_counts_at_once(pulling):
    pulling.open("app.py")
    assert len(await pulling.ask("app.py")) == 1
    configuration = pulling.folder / "pyproject.toml"
    configuration.write_text(configuration.read_text() + "[tool.tailspike]\nignore = ['blocking-sleep']\n")
    event = types.FileEvent(uri=configuration.as_uri(), type=types.FileChangeType.Changed)
    pulling.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes=[event]))
    # The next question comes with the next change, as from an editor.
    pulling.change("app.py", 2, pulling.whole(SLEEPS + "\n"))
    assert not await pulling.ask("app.py")


async def test_a_file_that_does_not_parse_says_so_and_recovers(pulling):
    pulling.open("app.py", "async def handler(:\n")
    [it] = await pulling.ask("app.py")
    assert it.message.startswith("not analysed: ")
    pulling.change("app.py", 2, pulling.whole(SLEEPS))
    [it] = await pulling.ask("app.py")
    assert it.code == "blocking-sleep"


async def test_other_files_go_by_what_a_broken_one_last_said(pushed):
    (pushed.folder / "wait.py").write_text(WAITS)
    (pushed.folder / "app.py").write_text(CALLS)
    pushed.open("app.py")
    pushed.open("wait.py")
    await pushed.told("app.py", 1)
    pushed.change("wait.py", 2, pushed.whole(WAITS + "\n\ndef more(:\n"))
    [it] = await pushed.told("wait.py", 1)
    assert it.message.startswith("not analysed: ")
    [it] = await pushed.told("app.py", 1)
    assert it.code == "blocking-sleep"
    pushed.change("wait.py", 3, pushed.whole(WAITS.replace("time.sleep(1)", "pass")))
    await pushed.told("app.py", 0)


@pytest.mark.parametrize("goodbye, status", [(True, 0), (False, 1)])
async def test_the_end(tailspike, tmp_path, goodbye, status):
    """After `shutdown` and `exit` the status is 0, after `exit` alone it is 1."""

    def message(**fields):
        body = json.dumps({"jsonrpc": "2.0", **fields}).encode()
        return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)

    folder = {"uri": tmp_path.as_uri(), "name": "x"}
    messages = [
        message(id=1, method="initialize", params={"capabilities": {}, "workspaceFolders": [folder]}),
        message(method="initialized", params={}),
        *([message(id=2, method="shutdown")] if goodbye else []),
        message(method="exit"),
    ]
    server = await asyncio.create_subprocess_exec(
        str(tailspike), "server", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(60):
        await server.communicate(b"".join(messages))
    assert server.returncode == status

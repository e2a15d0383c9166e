"""Neovim without a screen, with tailspike as its language server, shows the finding."""

import json
import os
import shutil

import pytest

from conftest import run

# Works in every Neovim since 0.5; newer ones have shorter ways, see docs/editors.md.
SESSION = """
local client = vim.lsp.start_client({
  name = "tailspike",
  cmd = { vim.env.TAILSPIKE, "server" },
  root_dir = vim.fn.getcwd(),
})
vim.cmd("edit app.py")
vim.lsp.buf_attach_client(0, client)
local shown = vim.wait(60000, function() return #vim.diagnostic.get(0) > 0 end, 50)
local found = {}
for _, it in ipairs(vim.diagnostic.get(0)) do
  table.insert(found, { line = it.lnum + 1, column = it.col + 1, message = it.message, source = it.source })
end
vim.fn.writefile({ vim.fn.json_encode({ shown = shown, found = found }) }, "found.json")
vim.cmd("qall!")
"""


@pytest.mark.skipif(shutil.which("nvim") is None and "CI" not in os.environ, reason="there is no Neovim here")
def test_neovim_shows_the_finding(tailspike, project):
    (project / "session.lua").write_text(SESSION)
    it = run(
        "nvim",
        "--headless",
        "--clean",
        "-c",
        "luafile session.lua",
        cwd=project,
        TAILSPIKE=str(tailspike),
        XDG_STATE_HOME=str(project / "state"),
    )
    assert (project / "found.json").exists(), it.stderr
    seen = json.loads((project / "found.json").read_text())
    assert seen["shown"], it.stderr
    [found] = seen["found"]
    assert (found["line"], found["column"], found["source"]) == (5, 5, "tailspike")
    assert found["message"].startswith("`time.sleep` stops the event loop")

"""No picture leaves the device or is written to disk: seen in the code, by the interpreter and by the kernel."""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from source_tools import imports

ROOT = Path(__file__).resolve().parent.parent
EDGE = ROOT / "edge"

# --- in the code -----------------------------------------------------------------------------------------------------

WRITERS = {
    *("imwrite", "imwritemulti", "imencode", "imencodemulti", "VideoWriter", "FileStorage", "imshow"),
    *("tofile", "savez", "savez_compressed", "savetxt", "memmap"),
    *("write_text", "write_bytes", "touch", "mkdir", "makedirs", "symlink_to", "hardlink_to", "copyfile", "copytree"),
    *("NamedTemporaryFile", "TemporaryFile", "TemporaryDirectory", "mkstemp", "mkdtemp", "FileHandler"),
}
MAY_WRITE = {
    "service.py": "install-service writes the unit and its folders; it opens no camera",
    "taught.py": "`models teach` keeps embeddings, the daemon only reads them; neither gives it a frame",
    "model_folder.py": "`models install` copies a bundle; it opens no camera",
    "benchmark_plot.py": "`--plot` draws a chart of times; it is given numbers, never a frame",
}

NETWORKERS = {
    "socket",
    "socketserver",
    "http",
    "urllib",
    "asyncio",
    "ssl",
    "paho",
    "amqtt",
    "requests",
    "smtplib",
    "ftplib",
}
MAY_CONNECT = {"mqtt", "display", "notify.py", "loopback.py"}


def source_files() -> list[Path]:
    return sorted(EDGE.rglob("*.py"))


def part(file: Path) -> str:
    """The first name under edge/: a module or a package."""
    return file.relative_to(EDGE).parts[0]


def writing_calls(code: str) -> set[str]:
    """Names of the calls in `code` that can put something on disk."""
    calls = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))
    return {name for call in calls if (name := _called(call)) in WRITERS or _opens_for_writing(name, call)}


def _called(call: ast.Call) -> str:
    function = call.func
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _opens_for_writing(name: str, call: ast.Call) -> bool:
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    constants = [node.value for node in arguments if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return name == "open" and any(re.fullmatch(r"[rwaxbt+]+", text) and set(text) & set("wax+") for text in constants)


def test_no_code_of_the_daemon_writes_a_file() -> None:
    found = {str(file): calls for file in source_files() if (calls := writing_calls(file.read_text("utf-8")))}
    assert {part(Path(file)) for file in found} <= set(MAY_WRITE), found


def test_what_may_write_sees_no_frame() -> None:
    for name in MAY_WRITE:
        code = (EDGE / name).read_text("utf-8")
        assert not re.search(r"edge\.(camera|pipeline|daemon|demo)|\bFrame\b|\.image\b", code), name


def test_only_broker_display_and_service_manager_code_can_reach_a_network() -> None:
    found = {part(file) for file in source_files() if imports(file.read_text("utf-8")) & NETWORKERS}
    assert found <= MAY_CONNECT


@pytest.mark.parametrize(
    "code",
    [
        "cv2.imwrite('a', b)",
        "open(p, 'wb')",
        "p.open('a')",
        "open(p, mode='r+')",
        "Path(p).write_bytes(b)",
        "x.tofile(p)",
    ],
)
def test_the_search_finds_what_it_must(code: str) -> None:
    assert writing_calls(code)
    assert not writing_calls("open(p); open(p, 'rb'); p.read_bytes(); cv2.imread('a')")


# --- as it runs ------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Working folder, home and temporary folder of the program under test; it must be found empty again."""
    folder = tmp_path / "home"
    folder.mkdir()
    yield folder
    assert list(folder.rglob("*")) == []


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """All on but speech: espeak-ng and aplay are other programs, given text alone, and PulseAudio's library in them
    leaves a cookie in the home folder."""
    path = tmp_path / "edge.yaml"
    path.write_text(
        "mqtt: {embedded_port: 0, embedded_websocket_port: 0}\ndisplay: {port: 0}\nspeech: {enabled: false}\n"
    )
    return path


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LD_LIBRARY_PATH")}
    ours = {"HOME": str(home), "TMPDIR": str(home)}
    return kept | ours | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)}


def commands(config: Path) -> dict[str, list[str]]:
    return {
        "run": ["run", "--config", str(config), "--source", "demo:HI"],
        "replay": ["replay", "--config", str(config), "demo:HI"],
    }


def watch(command: list[str], home: Path, *, endless: bool) -> str:
    """Run a command until it ends, or stop it like systemd does once it has read a letter; returns what it printed."""
    child = subprocess.Popen(
        command, cwd=home, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert child.stdout is not None
    said = []
    try:
        for line in child.stdout:
            said.append(line)
            if endless and " letter " in line:
                child.send_signal(signal.SIGTERM)
        assert child.wait(30) == 0, "".join(said)
    finally:
        child.kill()
    return "".join(said)


AUDIT = """
import sys
def hook(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        print("AUDIT open", arguments[0], arguments[1])
    elif event in ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"):
        print("AUDIT", event, arguments[1])
    elif event.startswith(("os.rename", "os.mkdir", "os.link", "os.symlink", "shutil.", "tempfile.")):
        print("AUDIT", event, *arguments)
sys.addaudithook(hook)
from edge.cli import main
sys.exit(main(sys.argv[1:]))
"""


HARMLESS = r"socket\.(bind|connect) \('127\.0\.0\.1', \d+\)|socket\.bind \('', 0\)|open \d+ \S+|open /dev/null \S+"
"""Loopback; paho's bind to no address before it connects; a descriptor that is open already; nothing."""


@pytest.mark.parametrize("name", ["run", "replay"])
def test_the_interpreter_sees_no_file_written_and_no_far_socket(name: str, home: Path, config: Path) -> None:
    said = watch([sys.executable, "-c", AUDIT, *commands(config)[name]], home, endless=name == "run")
    assert " letter " in said, "it must have read something"
    for line in re.findall(r"^AUDIT (.*)$", said, re.MULTILINE):
        assert re.fullmatch(HARMLESS, line)


FILE_CALLS = (
    "open,openat,openat2,creat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat,mknod,mknodat"
)
NET_CALLS = "connect,bind,listen,sendto,sendmsg,sendmmsg"


@pytest.mark.parametrize("name", ["run", "replay"])
def test_the_kernel_sees_no_file_written_and_no_far_socket(name: str, home: Path, config: Path, tmp_path: Path) -> None:
    """What libraries do outside Python's sight shows here: every thread and child is traced."""
    if shutil.which("strace") is None or subprocess.run(["strace", "-o", "/dev/null", "true"], check=False).returncode:
        pytest.skip("needs strace (apt install strace) and the right to trace")
    log = tmp_path / "trace"
    strace = [
        "strace",
        "-D",
        "-f",
        "-qq",
        "--seccomp-bpf",
        "-s",
        "200",
        "-e",
        f"trace={FILE_CALLS},{NET_CALLS},execve",
        "-o",
        str(log),
    ]
    said = watch([*strace, sys.executable, "-m", "edge", *commands(config)[name]], home, endless=name == "run")
    assert " letter " in said, "it must have read something"
    time.sleep(0.5)  # the tracer writes its last lines after the program is gone
    trace = whole_calls(log.read_text())
    assert "/models/" in trace, "the trace must show what is known to happen"
    assert {Path(program).name[:6] for program in re.findall(r'execve\("([^"]*)".* = 0$', trace, re.MULTILINE)} == {
        "python"
    }
    assert writes(trace) == []
    assert far_sockets(trace) == []
    if name == "run":
        assert len(set(re.findall(r"listen\((\d+)", trace))) == 3, "broker twice (TCP, websockets), display once"
    else:
        assert "AF_INET" not in trace, "a replay opens no socket at all"


def whole_calls(trace: str) -> str:
    """The trace with every call that another thread interrupted put together again."""
    begun: dict[str, str] = {}
    lines = []
    for line in trace.splitlines():
        pid = line.split(" ", 1)[0]
        resumed = re.match(r"\d+ +<\.\.\. \w+ resumed>(.*)", line)
        if line.endswith(" <unfinished ...>"):
            begun[pid] = line.removesuffix(" <unfinished ...>")
        else:
            lines.append(begun.pop(pid, "") + resumed[1] if resumed else line)
    return "\n".join([*lines, *begun.values()])


def writes(trace: str) -> list[str]:
    """Traced calls that create, alter or rename something; sound devices, /dev/null and /proc are no files."""
    found = []
    for line in trace.splitlines():
        call = re.search(r"(open\w*|creat|rename\w*|(?:sym)?link\w*|mkdir\w*|mknod\w*)\((.*)", line)
        if call is None or " = -1 " in line:
            continue
        opened = call[1].startswith("open")
        harmless = re.search(r'"(/dev/(null|tty|snd/\w+)|/proc/[^"]*)"', call[2])
        if not (opened and (harmless or not re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)", call[2]))):
            found.append(line)
    return found


def far_sockets(trace: str) -> list[str]:
    """Traced calls that reach or open this machine beyond loopback. Netlink is the kernel's own."""
    found = []
    bound: dict[str, str] = {}
    for line in trace.splitlines():
        call = re.search(r"(connect|bind|send\w+|listen)\((\d+), (.*)", line)
        if call is None:
            continue
        name, fd, rest = call.groups()
        address = re.search(r"sa_family=AF_(\w+)", rest)
        loopback = 'inet_addr("127.0.0.1")' in rest
        absent = address and address[1] == "UNIX" and " = -1 ENOENT" in rest  # nscd, PulseAudio: asked for, not there
        if name == "bind":
            bound[fd] = rest  # paho binds to no address before it connects: it counts only if it listens
        elif name == "listen":
            found += [line] if "127.0.0.1" not in bound.get(fd, "") else []
        elif address and not (loopback or absent or address[1] == "NETLINK"):
            found.append(line)
    return found


def test_the_trace_reader_finds_what_it_must() -> None:
    bad = [
        '7 openat(AT_FDCWD, "/tmp/a.jpg", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3',
        '7 rename("/tmp/a", "/tmp/b") = 0',
        '7 connect(3, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("93.184.216.34")}, 16) = 0',
        '7 sendto(3, "x", 1, 0, {sa_family=AF_INET6, sin6_port=htons(53)}, 28) = 1',
        "7 listen(4, 128) = 0",
    ]
    good = [
        '7 openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3',
        '7 openat(AT_FDCWD, "/dev/null", O_WRONLY) = 3',
        '7 bind(5, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("127.0.0.1")}, 16) = 0',
        "7 listen(5, 128) = 0",
        '7 bind(4, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("0.0.0.0")}, 16) = 0',
        '7 connect(3, {sa_family=AF_INET, sin_port=htons(1883), sin_addr=inet_addr("127.0.0.1")}, 16) = 0',
    ]
    torn = [
        '7 connect(3, {sa_family=AF_UNIX, sun_path="/run/x"}, 110 <unfinished ...>',
        bad[0],
        "7 <... connect resumed>) = 0",
    ]
    torn[1] = torn[1].replace("7", "8", 1)
    assert far_sockets(whole_calls("\n".join(torn))) == [
        '7 connect(3, {sa_family=AF_UNIX, sun_path="/run/x"}, 110) = 0'
    ]
    assert writes(whole_calls("\n".join(torn))) == [torn[1]]
    assert writes("\n".join(good + bad)) == bad[:2]
    assert far_sockets("\n".join(good + bad)) == bad[2:]

"""Child process of the pyttsx3 back-end: text on stdin, one WAV on stdout.

`pyttsx3_wav.py WORDS_PER_MINUTE VOICE`. pyttsx3 2.99 only sometimes speaks a second utterance, hangs when called from
threads, plays through a shell and a temporary file, and does not report a missing sound device. So it makes one WAV in
its own process, and the parent plays and kills.
"""

import os
import sys


def main() -> int:
    rate, voice = sys.argv[1:3]
    text = sys.stdin.buffer.read().decode("utf-8", "replace")
    wav = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # pyttsx3 prints where it saved the file

    import pyttsx3  # noqa: PLC0415 - only once stdout is safe from its output

    problems: list[BaseException] = []
    engine = pyttsx3.init()
    engine.connect("error", lambda name, exception: problems.append(exception))  # noqa: ARG005 - pyttsx3's keywords
    engine.setProperty("rate", int(rate))
    engine.setProperty("voice", voice)
    engine.save_to_file(text or " ", f"/dev/fd/{wav}")
    engine.runAndWait()
    if problems:
        print(f"pyttsx3: {problems[0]}", file=sys.stderr)
    # espeak fails an assertion if torn down at interpreter exit
    sys.stderr.flush()
    os._exit(1 if problems else 0)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""check_spec_refs.py finds what it is there to find."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import check_spec_refs  # noqa: E402


class CheckSpecRefs(unittest.TestCase):
    def errors(self, text, name="core/base/a.h", bibliography="- [API] API. `docs/spec/api.md`\n- [DR] Ratchet.\n"):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, content in {name: text, "docs/bibliography.md": bibliography,
                                  "docs/spec/api.md": "# API\n## Topics\n### Up and down\n"}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(content)
            return check_spec_refs.check(root)

    def test_known_keys_and_pages_pass(self):
        self.assertEqual(self.errors("// A ratchet. Spec: [DR] 3.5, docs/spec/api.md.\n"
                                     "// Spec: [API] topics,\n// [DR] 2.\nint a[N];  // [i] is an index\n"), [])

    def test_an_unknown_key_is_found_with_its_line(self):
        self.assertEqual(self.errors("\n\n// Spec: [RD] 3.5.\n"),
                         ["core/base/a.h:3: [RD] is not in docs/bibliography.md"])

    def test_keys_are_found_in_every_form(self):
        for text in ("// Spec: [DR] 3, [RD] 4.\n", "// Spec:\n// [RD] 4.\n", "// as [RD] 4.1 says\n",
                     "// from [RFC7748]\n", "/* Spec: [RD] */\n", "int a;  // Spec: [RD].\n"):
            self.assertEqual(len(self.errors(text)), 1, text)
        self.assertEqual(len(self.errors('"""Spec: [RD] 1."""\n# Spec: [RD] 2.\n', "test/a.py")), 2)

    def test_code_and_strings_do_not_count(self):
        self.assertEqual(self.errors('auto a = "// Spec: [RD] 3"; int b = c[RD];\n'), [])

    def test_a_page_that_is_not_there_is_found(self):
        self.assertEqual(len(self.errors("// Spec: docs/spec/apis.md names.\n")), 1)
        self.assertEqual(len(self.errors("see docs/spec/apis.md\n", "README.md")), 1)
        self.assertEqual(self.errors("see docs/spec/api.md, docs/spec/.\n", "README.md"), [])

    def test_a_section_that_is_not_there_is_found(self):
        for good in ("[API] topics, up and down.", "[API] topics, [DR] 3.", "docs/spec/api.md up.", "[API]",
                     "[API]\n// topics.", "[DR] whatever."):
            self.assertEqual(self.errors(f"// Spec: {good}\n"), [], good)
        for bad in ("[API] mails.", "docs/spec/api.md mails.", "[API] topics, mails.", "[API]\n// mails"):
            self.assertEqual(len(self.errors(f"// Spec: {bad}\n")), 1, bad)

    def test_spec_of_nothing_is_found(self):
        self.assertEqual(len(self.errors("// Spec: the paper.\n")), 1)

    def test_a_key_has_one_meaning(self):
        self.assertEqual(len(self.errors("", bibliography="- [DR] one\n- [DR] two\n")), 1)


if __name__ == "__main__":
    unittest.main()

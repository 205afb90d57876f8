#!/usr/bin/env python3
"""check_layers.py finds what it is there to find."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import check_layers  # noqa: E402


class CheckLayers(unittest.TestCase):
    def errors(self, files):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            return check_layers.check(root)

    def test_the_server_may_not_see_end_to_end_code(self):
        self.assertTrue(self.errors({"server/service/a.cc": '#include "core/e2e/session.h"\n',
                                     "core/e2e/session.h": ""}))

    def test_core_may_not_use_the_heap(self):
        for bad in ("int* p = new int;", "std::vector<int> v;", "free(p); delete p;", "if (memcmp(a, b, 4)) {}"):
            self.assertTrue(self.errors({"core/base/a.cc": bad}), bad)

    def test_making_an_object_in_given_memory_is_no_heap(self):
        self.assertFalse(self.errors({"core/c/a.cc": "#include <new>\n::new (static_cast<void*>(place)) T;"}))
        self.assertTrue(self.errors({"core/c/a.cc": "::new T;"}))
        self.assertTrue(self.errors({"core/base/a.cc": "#include <new>\n"}))

    def test_core_may_include_only_listed_headers(self):
        self.assertTrue(self.errors({"core/mqtt/a.h": "#include <string>\n"}))
        self.assertFalse(self.errors({"core/mqtt/a.h": "#include <span>\n"}))

    def test_comments_strings_and_deleted_functions_do_not_count(self):
        self.assertFalse(self.errors({"core/base/a.h": '// new keys\nauto t = "delete"; A(const A&) = delete;\n'}))

    def test_a_file_outside_every_layer_is_an_error(self):
        self.assertTrue(self.errors({"core/utils/a.h": ""}))


if __name__ == "__main__":
    unittest.main()

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "archive-index-form.h"
#include "archive-index.h"

/* What a process that has been taken over could say: whatever is found is a file, and each name can be asked
 * for. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_archive_index_ ArchiveIndex *index = NULL;
        _cleanup_free_ char *error = NULL;
        if (archive_index_parse((const char *) data, size, &index, &error) < 0) {
                fuzz_assert(error && !index);
                return 0;
        }
        for (size_t i = 0; i < index->n && i < 100; i++) {
                const ArchiveMember *m = NULL;
                _cleanup_free_ char *find_error = NULL;
                if (archive_index_find(index, index->members[i].name, &m, &find_error) >= 0)
                        fuzz_assert(m->kind == ARCHIVE_INDEX_FILE);
                else
                        fuzz_assert(find_error);
        }
        return 0;
}

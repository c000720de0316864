/* Keeps, beside each file of one folder, what of it has been synced: all that a power cut leaves.
 *
 * Loaded before the C library (LD_PRELOAD). Whenever a file in $SYNCED_FROM is synced, its content
 * is copied into $SYNCED_TO under the same name, at once or not at all; nothing else ever gets
 * there. Only the descriptor at hand is read: to open and close the file a second time would drop
 * the locks that SQLite holds on it.
 *
 * What was deleted before a sync stays deleted after it: journalling file systems keep that order.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void forget_deleted(const char *from, const char *to)
{
    char live[4096], kept[4096];
    struct dirent *entry;
    DIR *all = opendir(to);

    while (all && (entry = readdir(all))) {
        if (entry->d_name[0] == '.' || strstr(entry->d_name, ".part"))
            continue;
        snprintf(live, sizeof live, "%s/%s", from, entry->d_name);
        snprintf(kept, sizeof kept, "%s/%s", to, entry->d_name);
        if (access(live, F_OK))
            unlink(kept);
    }
    if (all)
        closedir(all);
}

static int keep(int fd)
{
    const char *from = getenv("SYNCED_FROM"), *to = getenv("SYNCED_TO");
    char link[64], path[4096], there[4096], part[4200], buffer[1 << 16];
    struct stat about;
    ssize_t length, got;
    off_t at = 0;
    int copy;

    if (!from || !to || fstat(fd, &about) || !S_ISREG(about.st_mode))
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    if (strncmp(path, from, strlen(from)) || path[strlen(from)] != '/')
        return 0;
    snprintf(there, sizeof there, "%s/%s", to, strrchr(path, '/') + 1);
    snprintf(part, sizeof part, "%s.%d.part", there, getpid());
    copy = open(part, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (copy < 0)
        return -1;
    while ((got = pread(fd, buffer, sizeof buffer, at)) > 0) {
        if (write(copy, buffer, got) != got) {
            close(copy);
            return -1;
        }
        at += got;
    }
    close(copy);
    if (rename(part, there))
        return -1;
    forget_deleted(from, to);
    return 0;
}

int fsync(int fd)
{
    return keep(fd);
}

int fdatasync(int fd)
{
    return keep(fd);
}

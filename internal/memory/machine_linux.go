package memory

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// physical returns the memory of the machine in bytes, 0 if it does not tell.
func physical() int64 {
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) != nil {
		return 0
	}
	return int64(uint64(info.Totalram) * uint64(info.Unit)) //nolint:unconvert // narrower on other processors
}

// group returns the least limit of the control groups that the program is in, in bytes,
// 0 if there is none.
func group() int64 {
	list, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return 0
	}
	return limit("/sys/fs/cgroup", list)
}

// limit returns the least limit of the control groups in a list as in /proc/self/cgroup
// and of those above them, 0 if there is none. The root is where they are mounted.
func limit(root string, list []byte) int64 {
	least := int64(0)
	take := func(file string) {
		text, err := os.ReadFile(file)
		if err != nil {
			return
		}
		n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64) // not of "max"
		if err == nil && n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	for lines := bufio.NewScanner(bytes.NewReader(list)); lines.Scan(); {
		fields := strings.SplitN(lines.Text(), ":", 3)
		if len(fields) != 3 {
			continue
		}
		dir, file := root, "memory.max"
		switch controllers := fields[1]; {
		case controllers == "": // version 2
		case strings.Contains(","+controllers+",", ",memory,"):
			dir, file = filepath.Join(root, "memory"), "memory.limit_in_bytes"
		default:
			continue
		}
		// In a container the path may be that outside, where only the root is visible.
		for path := filepath.Join("/", fields[2]); ; path = filepath.Dir(path) {
			take(filepath.Join(dir, path, file))
			if path == "/" {
				break
			}
		}
	}
	return least
}

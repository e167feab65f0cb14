#!/bin/sh
# Every colour, attribute and underline: what the attribute table of the fidelity tests is recorded from.
e=$(printf '\033')
printf '%s' "$e[1mbold$e[0m $e[2mfaint$e[0m $e[3mitalic$e[0m $e[7minverse$e[0m $e[8mhidden$e[0m $e[9mstruck$e[0m $e[1;2;3;7;9mall$e[0m"
printf '\r\n'
printf '%s' "$e[4msingle$e[0m $e[21mdouble$e[0m $e[4:2mdouble$e[0m $e[4:3mcurly$e[0m $e[4:4mdotted$e[0m $e[4:5mdashed$e[4:0m none"
printf '\r\n'
printf '%s' "$e[4;58;5;9mred under$e[59m plain under$e[0m $e[4:3;58;2;10;20;30mrgb under$e[0m $e[4:3;58:2::1:2:3mcolons$e[0m"
printf '\r\n'
i=0; while [ $i -lt 16 ]; do printf '%s' "$e[38;5;${i}m#$e[48;5;${i}m $e[0m"; i=$((i + 1)); done; printf '\r\n'
i=30; while [ $i -lt 38 ]; do printf '%s' "$e[${i}ma$e[$((i + 10))mb$e[$((i + 60))mc$e[$((i + 70))md$e[0m"; i=$((i + 1)); done; printf '\r\n'
i=16; while [ $i -lt 256 ]; do printf '%s' "$e[48;5;${i}m "; i=$((i + 1)); done; printf '%s\r\n' "$e[0m"
i=0; while [ $i -lt 60 ]; do printf '%s' "$e[38;2;$((i * 4));100;$((255 - i * 4))mx"; i=$((i + 1)); done; printf '%s\r\n' "$e[39m"
# Links: with an id, without, the same again, one that is not closed.
printf '%s' "$e]8;id=a;https://example.org/a$e\\one$e]8;;$e\\ $e]8;;https://example.org/b$e\\two$e]8;;$e\\ "
printf '%s' "$e]8;id=a;https://example.org/a$e\\again$e]8;;$e\\ $e]8;;https://example.org/c$e\\open"
printf '\r\n%s' "still open$e]8;;$e\\ closed"
printf '\r\n'
# Erasing with a background, inserting and deleting, a region that scrolls, a saved cursor.
printf '%s' "$e[44mblue$e[K$e[0m"; printf '\r\n'
printf '%s' "abcdef$e[3D$e[2@$e[1P$e[4hinserted$e[4l"; printf '\r\n'
printf '%s' "$e[15;20r$e[15;1Hone\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix\r\nseven$e[r"
printf '%s' "$e[22;1H${e}7saved$e[1;1H$e[35m${e}8restored"
printf '%s' "$e[23;5H$e[6 q$e[24;70Hlast words wrap around"
printf '%s' "$e[10;40H$e[?25l$e[3X$e[38;5;200m$e[48;2;1;2;3mend$e[5 q$e[?25h"

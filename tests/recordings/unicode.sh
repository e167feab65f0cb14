#!/bin/sh
# Characters of every width: what the unicode table of the fidelity tests is recorded from.
printf 'Latin      \303\240\303\251\303\256\303\265\303\274 \305\201\303\263d\305\272 \342\202\254\302\243\302\245\n'
printf 'Greek      \316\261\316\262\316\263 \316\251   Cyrillic \320\226\320\243\320\232   Hebrew \327\251\327\234\327\225\327\235   Arabic \330\263\331\204\330\247\331\205\n'
printf 'Wide       \346\274\242\345\255\227 \343\201\213\343\201\252 \355\225\234\352\270\200 \357\274\245\357\274\261\n'
printf 'Emoji      \360\237\230\200 \360\237\252\262 \360\237\221\215\360\237\217\275 \360\237\221\251\342\200\215\360\237\222\273 \342\235\244\357\270\217 \360\237\207\251\360\237\207\252\n'
printf 'Marks      e\314\201 a\314\210\314\244 n\314\203 o\314\202\314\201\314\243 q\314\200\314\201\314\202\314\203\314\204\314\205\314\206\314\207\314\210\314\211\n'
printf 'Lines      \342\224\214\342\224\200\342\224\254\342\224\200\342\224\220 \342\225\224\342\225\220\342\225\227 \342\226\210\342\226\223\342\226\222\342\226\221 \342\240\277\342\240\267 \342\226\201\342\226\202\342\226\203\342\226\204\342\226\205\342\226\206\342\226\207\n'
printf 'Zero       a\342\200\213b c\342\200\215d e\357\273\277f soft\302\255hyphen\n'
printf 'Graphics   \033(0lqwqk\033(B \033(0x x x\033(B \033(0mqvqj\033(B\n'
# Wide characters where a row ends: one fits, one does not.
i=0; while [ $i -lt 78 ]; do printf .; i=$((i + 1)); done; printf '\346\274\242\n'
i=0; while [ $i -lt 79 ]; do printf .; i=$((i + 1)); done; printf '\346\274\242\n'
# A wide character half overwritten, and one erased in the middle.
printf '\346\274\242\345\255\227\033[3DX\n\346\274\242\345\255\227\033[2D\033[1K\n'
# Broken UTF-8.
printf 'Broken     \377 \303 \346\274 \360\237\230 \300\200 \355\240\200 end\n'
# A line that goes on in the next row, and one that is told not to.
i=0; while [ $i -lt 100 ]; do printf w; i=$((i + 1)); done; printf '\n\033[?7l'
i=0; while [ $i -lt 100 ]; do printf n; i=$((i + 1)); done; printf '!\033[?7h\n'
printf 'Tabs\tone\ttwo\t\346\274\242\tend\n'

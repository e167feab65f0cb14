/* conpty-ctrl-c.exe: Ctrl-C in the console it is attached to. As Windows has it, that interrupts the programs there if the
   console's input is processed, and else is a key like any other. */
#include <windows.h>
int main(void)
{
    INPUT_RECORD keys[2]; DWORD mode, n;
    HANDLE in = CreateFileA("CONIN$", GENERIC_READ | GENERIC_WRITE, 3, NULL, OPEN_EXISTING, 0, NULL);
    if (!GetConsoleMode(in, &mode)) return GetLastError();
    SetConsoleCtrlHandler(NULL, TRUE);
    if (mode & ENABLE_PROCESSED_INPUT) return GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0) ? 0 : GetLastError();
    ZeroMemory(keys, sizeof keys);
    keys[0].EventType = KEY_EVENT;
    keys[0].Event.KeyEvent.wRepeatCount = 1;
    keys[0].Event.KeyEvent.wVirtualKeyCode = 'C';
    keys[0].Event.KeyEvent.uChar.UnicodeChar = 3;
    keys[0].Event.KeyEvent.dwControlKeyState = LEFT_CTRL_PRESSED;
    keys[1] = keys[0];
    keys[0].Event.KeyEvent.bKeyDown = TRUE;
    return WriteConsoleInputW(in, keys, 2, &n) ? 0 : GetLastError();
}

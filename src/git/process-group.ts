/**
 * Shell text that runs `$0 "$@"` in a process group of its own and ends all of the group when it is
 * interrupted. simple-git interrupts only the program that it started; git does not pass that on to
 * git-remote-https, which would go on waiting for a server. In a session of its own git has no terminal to
 * ask questions on, either. Without setsid (outside Linux) only git itself is ended.
 */
export const RUN_AS_GROUP = `
child=
stop() {
  [ -z "$child" ] || kill -s TERM -- "-$child" 2>/dev/null || kill -s TERM "$child"
  exit 130
}
trap stop INT TERM
exec 3<&0
"$(command -v setsid || command -v env)" "$0" "$@" <&3 3<&- &
child=$!
exec 3<&-
wait "$child"
`;

// Loaded into a child before its program: when whoever started it is gone, even by kill -9, the child ends too.
// In processes that the child starts in turn there is no such channel, and this does nothing.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()

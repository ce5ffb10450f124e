using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Larder.Inference.Validation.Sandbox;
using Larder.Sandbox;

// Requests come one line each on standard input, answers go the same way to standard output, after one empty line that says "ready".
var memory = long.Parse(args[0], CultureInfo.InvariantCulture);
using var input = new StreamReader(Console.OpenStandardInput());
using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
var requests = new BlockingCollection<string>();

// Models run on a thread with the stack size of a server's thread, so that a model that overflows it there overflows it here.
new Thread(Work, maxStackSize: 1 << 20) { IsBackground = true }.Start();
while (await input.ReadLineAsync() is { } line)
    requests.Add(line);

// The server has ended. A model may still run in native code, which an orderly exit would not interrupt.
Process.GetCurrentProcess().Kill();

void Work()
{
    // Memory that every model needs does not count against the limit of one model.
    ModelChecks.WarmUp();
    ProcessLimits.Apply(memory);
    output.WriteLine();
    foreach (var request in requests.GetConsumingEnumerable())
    {
        var answer = ModelChecks.Answer(JsonSerializer.Deserialize(request, SandboxJson.Default.SandboxRequest)!);
        output.WriteLine(JsonSerializer.Serialize(answer, SandboxJson.Default.SandboxAnswer));
    }
}

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

// Models run on a thread of their own, with no more stack than a server's thread has, so that what overflows there overflows here.
new Thread(Work, maxStackSize: 1 << 20) { IsBackground = true }.Start();
while (await input.ReadLineAsync() is { } line)
    requests.Add(line);

// The server is gone. A model may still be running in native code, which no orderly exit would interrupt.
Process.GetCurrentProcess().Kill();

void Work()
{
    // The memory that all models need is not the memory that a model needs.
    ModelChecks.WarmUp();
    ProcessLimits.Apply(memory);
    output.WriteLine();
    foreach (var request in requests.GetConsumingEnumerable())
    {
        var answer = ModelChecks.Answer(JsonSerializer.Deserialize(request, SandboxJson.Default.SandboxRequest)!);
        output.WriteLine(JsonSerializer.Serialize(answer, SandboxJson.Default.SandboxAnswer));
    }
}

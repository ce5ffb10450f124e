using Larder.Inference.Settings;
using Larder.Inference.Validation.Sandbox;

namespace Larder.Inference.Validation.Tests.Sandbox;

/// <summary>What this assembly does as a program: it tries the model that it is given, as a server would, and tells the child's id.</summary>
internal static class HostProgram
{
    public static async Task Main(string[] arguments)
    {
        await using var trial = new SandboxSlot(new ValidationLimits { LoadSeconds = 600, SmallLoadSeconds = 600 }, TimeProvider.System);
        var trying = trial.TryAsync(arguments[0], new SessionSettings(), folder: null, CancellationToken.None);
        Console.WriteLine(await OtherProcess.Starts(() => trial.ProcessId));
        await trying;
    }
}

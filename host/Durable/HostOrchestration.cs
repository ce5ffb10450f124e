using DurableTask.Core;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Worker.Shims;
using Microsoft.Extensions.Logging;

namespace Larder.Host.Durable;

/// <summary>One orchestration as the engine sees it: the official shim, and behind it the orchestrator's function.</summary>
internal sealed class HostOrchestration(string name, DurableTaskShimFactory shims, ILoggerFactory loggers) : TaskOrchestration
{
    private TaskOrchestration? _shim;
    private OrchestratorContext? _context;

    public string Name { get; } = name;

    private ILoggerFactory Loggers { get; } = loggers;

    /// <summary>Who waits for its result; the engine does not tell the manager that makes this object.</summary>
    public ParentOrchestrationInstance? Parent { get; set; }

    /// <summary>The function with its middleware, as the turn under way calls it.</summary>
    public Func<OrchestratorContext, Task<object?>> Function { get; set; } = null!;

    /// <summary>The code, from its beginning; null before that.</summary>
    public Task<string>? Running { get; private set; }

    /// <summary>Whether the code has begun, and awaits nothing that its context gave it.</summary>
    public bool AwaitsSomethingElse => _context is { IsWaiting: false };

    /// <inheritdoc />
    public override Task<string> Execute(OrchestrationContext context, string input)
    {
        _shim = shims.CreateOrchestration(Name, new Orchestrator(this, input), Parent);
        return Running = _shim.Execute(context, input);
    }

    /// <inheritdoc />
    public override string? GetStatus() => _shim?.GetStatus();

    /// <inheritdoc />
    public override void RaiseEvent(OrchestrationContext context, string name, string input) => _shim?.RaiseEvent(context, name, input);

    private sealed class Orchestrator(HostOrchestration orchestration, string? input) : ITaskOrchestrator
    {
        public Type InputType => typeof(object);

        public Type OutputType => typeof(object);

        public Task<object?> RunAsync(TaskOrchestrationContext context, object? parsed)
        {
            var own = new OrchestratorContext(context, input, orchestration.Loggers);
            orchestration._context = own;
            return orchestration.Function(own);
        }
    }
}

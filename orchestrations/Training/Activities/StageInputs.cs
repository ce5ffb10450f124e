using Larder.Registry;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations;

/// <summary>Makes sure that a job's inputs are stored, and stay: an old artifact that only this job names is made young.</summary>
public sealed class StageInputs(JobSteps steps, IArtifactStore artifacts, IComputeBackend backend)
{
    /// <summary>Runs it.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    [Function(nameof(StageInputs))]
    public Task<string?> Run([ActivityTrigger] string job, CancellationToken cancellation) => steps.RunAsync(
        job,
        "stage",
        0,
        async found =>
        {
            foreach (var input in found.Inputs)
            {
                if (!await artifacts.TouchAsync(input.Sha256, cancellation))
                    return $"The input {input.Name} is not stored any more.";
            }

            return null;
        },
        (now, _) => now with { Backend = backend.Name },
        problem => problem,
        cancellation);
}

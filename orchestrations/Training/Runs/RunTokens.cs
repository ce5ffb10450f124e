using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Tokens;

namespace Larder.Orchestrations.Training.Runs;

/// <summary>The address under which scripts reach this server; null when that is not known.</summary>
public delegate Uri? TrackingAddress();

/// <summary>
/// What MLflow's client in a script needs to log to the job's run: address, run, and a token that is good for this run only, and ends with the job.
/// </summary>
public sealed class RunTokens(TokenStore tokens, JobFiles files, TrackingAddress address, TimeProvider time)
{
    /// <summary>The variable with the token.</summary>
    public const string TokenVariable = "MLFLOW_TRACKING_TOKEN";

    private const string AddressVariable = "MLFLOW_TRACKING_URI";
    private const string RunVariable = "MLFLOW_RUN_ID";
    private const int MaxBytes = 1024;

    // Variables with which the client would send the token elsewhere, or take another.
    private static readonly string[] Reserved = [AddressVariable, TokenVariable, RunVariable, "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"];

    /// <summary>Refuses tracking where it cannot be.</summary>
    /// <param name="environment">The names of the variables that the caller gives the script.</param>
    /// <exception cref="InvalidRequestException">It cannot be: why, in a sentence.</exception>
    public void Validate(IEnumerable<string> environment)
    {
        if (environment.FirstOrDefault(Reserved.Contains) is { } name)
            throw new InvalidRequestException($"The option tracking sets {name}: leave it out of the environment, or tracking.");
        if (address() is null)
            throw new InvalidRequestException("The option tracking needs the address under which a script reaches this server: set Tracking:Uri.");
    }

    /// <summary>The variables of a job's script. The token is made once, and kept with the job's files.</summary>
    public async Task<IReadOnlyDictionary<string, string>> EnvironmentAsync(Job job, TimeSpan life, CancellationToken cancellationToken)
    {
        var run = job.Run ?? throw new InvalidOperationException("The run begins before the script.");
        if (await files.ReadAsync(job.Id, JobPaths.RunToken, MaxBytes, cancellationToken) is not { } stored)
        {
            var (_, secret) = await tokens.CreateAsync(
                new TokenRequest($"job-{job.Id}", Role.Contributor, Scope: null, time.GetUtcNow() + life * job.MaxAttempts, run), job.Owner ?? Caller.Local.Name, key: null, cancellationToken);
            stored = BinaryData.FromString(secret!);
            await files.WriteAsync(job.Id, JobPaths.RunToken, stored, cancellationToken);
        }

        return new Dictionary<string, string> { [AddressVariable] = address()!.AbsoluteUri.TrimEnd('/'), [TokenVariable] = stored.ToString(), [RunVariable] = run };
    }

    /// <summary>Ends the token of a job, if it has one.</summary>
    public async Task RevokeAsync(Job job, CancellationToken cancellationToken)
    {
        if (await files.ReadAsync(job.Id, JobPaths.RunToken, MaxBytes, cancellationToken) is not { } stored)
            return;
        try
        {
            await tokens.RevokeAsync(KeyHash.Of(stored.ToString()).Id, $"job-{job.Id}", cancellationToken);
        }
        catch (NotFoundException)
        {
            // An administrator did, or an earlier try.
        }

        await files.DeleteFileAsync(job.Id, JobPaths.RunToken, cancellationToken);
    }
}

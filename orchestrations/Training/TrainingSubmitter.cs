using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Larder.Registry;

namespace Larder.Orchestrations;

/// <summary>Accepts trainings: stores what came, and makes the job. Nothing is stored before everything is checked.</summary>
public sealed class TrainingSubmitter(JobStore jobs, JobFiles files, IArtifactStore artifacts, IComputeBackend backend, JobLimits limits, TimeProvider time)
{
    private const string Masked = "***";

    /// <summary>Checks what a training asks for, before its files are looked at.</summary>
    /// <exception cref="InvalidRequestException">Something in it cannot be had.</exception>
    public void Validate(TrainOptions options)
    {
        backend.Validate(options.Resources);
        var bytes = options.Environment.Sum(variable => Encoding.UTF8.GetByteCount(variable.Key) + Encoding.UTF8.GetByteCount(variable.Value.Value));
        if (bytes > limits.EnvironmentBytes)
            throw new InvalidRequestException($"The environment is limited to {limits.EnvironmentBytes} bytes; it has {bytes}.");
        if (options.Gate is not null && options.Alias is null)
            throw new InvalidRequestException("A gate decides whether an alias moves: name the alias.");
        if (options.Gate is { Threshold: null, Against: null })
            throw new InvalidRequestException("A gate needs a threshold, or a version to compare with in 'against'.");
        if (options.Alias is { } alias)
            ModelName.ValidateAlias(alias);
    }

    /// <summary>Accepts a training.</summary>
    /// <param name="model">The model that it makes a version of.</param>
    /// <param name="inputs">The files: what each is for, its own name, and its bytes on local disk.</param>
    /// <param name="options">What it is told, validated.</param>
    /// <param name="key">The caller's idempotency key.</param>
    /// <param name="owner">Who asks.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The job; with a key, perhaps one that was there already.</returns>
    /// <exception cref="ConflictException">The key was used for something else.</exception>
    public async Task<Job> SubmitAsync(
        string model,
        IReadOnlyList<(string Name, string FileName, StagedFile File)> inputs,
        TrainOptions options,
        string? key,
        string? owner,
        CancellationToken cancellation)
    {
        foreach (var (_, _, file) in inputs)
            await artifacts.PutAsync(file.Path, file.Sha256, cancellation);
        var secrets = options.Environment.Where(variable => variable.Value.IsSecret).ToDictionary(variable => variable.Key, variable => variable.Value.Value);
        var job = New(
            model,
            [.. inputs.Select(input => new JobInput(input.Name, input.FileName, input.File.Sha256, input.File.SizeBytes))],
            options with { Environment = options.Environment.ToDictionary(variable => variable.Key, variable => variable.Value.IsSecret ? new(Masked, true) : variable.Value) },
            owner);
        return await AddAsync(job, secrets, key, cancellation);
    }

    /// <summary>Accepts a training again: a new job with the inputs and options of one that has ended.</summary>
    /// <exception cref="ConflictException">It has not ended.</exception>
    public async Task<Job> RetryAsync(string id, string? owner, CancellationToken cancellation)
    {
        var old = await jobs.GetAsync(id, cancellation);
        if (!old.IsFinal)
            throw new ConflictException($"The job {id} has not ended; it can be retried when it has.");
        foreach (var input in old.Inputs)
        {
            if (!await artifacts.TouchAsync(input.Sha256, cancellation))
                throw new ConflictException($"The input {input.Name} of the job {id} is not stored any more.");
        }

        var options = old.Options.Deserialize<TrainOptions>(RegistryJson.Options)!;
        backend.Validate(options.Resources);
        var secrets = await files.ReadAsync(id, JobPaths.Secrets, limits.EnvironmentBytes * 8L, cancellation) is { } stored
            ? stored.ToObjectFromJson<Dictionary<string, string>>()!
            : [];
        return await AddAsync(New(old.Model, old.Inputs, options, owner) with { RetryOf = id }, secrets, key: null, cancellation);
    }

    private Job New(string model, IReadOnlyList<JobInput> inputs, TrainOptions options, string? owner)
    {
        var now = time.GetUtcNow();
        var id = JobId.Create(now);
        return new Job
        {
            Id = id,
            InstanceId = id,
            Type = JobScheduler.Train,
            State = JobState.Queued,
            Model = model,
            Inputs = inputs,
            Options = JsonSerializer.SerializeToElement(options, RegistryJson.Options),
            MaxAttempts = options.Attempts,
            Backend = backend.Name,
            Owner = owner,
            Created = now,
        };
    }

    private async Task<Job> AddAsync(Job job, Dictionary<string, string> secrets, string? key, CancellationToken cancellation)
    {
        // The document comes last: a job that is listed has all that it needs. What a crash leaves before it is swept.
        await files.CreateAsync(job.Id, cancellation);
        if (secrets.Count > 0)
            await files.WriteAsync(job.Id, JobPaths.Secrets, BinaryData.FromObjectAsJson(secrets), cancellation);
        if (key is null)
            return await jobs.CreateAsync(job, cancellation);
        var (stored, isNew) = await jobs.CreateOnceAsync(key, Fingerprint(job, secrets), job, cancellation);
        if (!isNew)
            await files.DeleteAsync(job.Id, cancellation);
        return stored;
    }

    private static string Fingerprint(Job job, Dictionary<string, string> secrets)
    {
        var text = JsonSerializer.Serialize(new { job.Type, job.Model, job.Inputs, job.Options, secrets = secrets.OrderBy(secret => secret.Key, StringComparer.Ordinal) });
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}

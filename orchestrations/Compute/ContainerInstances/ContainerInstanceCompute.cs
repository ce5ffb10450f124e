using System.Runtime.CompilerServices;
using System.Text;
using Azure;
using Azure.Core;
using Azure.ResourceManager;
using Azure.ResourceManager.ContainerInstance;
using Azure.ResourceManager.ContainerInstance.Models;
using Azure.ResourceManager.Models;
using Azure.ResourceManager.Resources;
using Larder.Registry.Errors;

namespace Larder.Orchestrations.Compute.ContainerInstances;

/// <summary>
/// Runs each task as an Azure container group of one container, which the service never restarts by intent. The group is the only state:
/// its name and tags say whose it is, so that any host can go on where another stopped.
/// </summary>
/// <param name="options">Where and how.</param>
/// <param name="arm">From <see cref="ContainerInstanceClient"/>.</param>
/// <param name="clock">Tells when a group has taken too long to start, and waits for deletions.</param>
public sealed class ContainerInstanceCompute(ContainerInstanceOptions options, ArmClient arm, TimeProvider clock) : IComputeBackend
{
    private const string ContainerName = "job";
    private const int OutputBytes = 64 * 1024;

    // 1,000 lines are what the service keeps of a container that has ended.
    private const int OutputLines = 1000;

    private readonly ContainerGroupCollection _groups = arm
        .GetResourceGroupResource(ResourceGroupResource.CreateResourceIdentifier(options.SubscriptionId, options.ResourceGroup))
        .GetContainerGroups();

    /// <inheritdoc/>
    public string Name => ComputeOptions.ContainerInstances;

    /// <inheritdoc/>
    public void Validate(ComputeResources resources)
    {
        if (Refusal(resources) is { } refusal)
            throw new InvalidRequestException(refusal);
    }

    /// <inheritdoc/>
    public async Task<bool> StartAsync(ComputeTask task, CancellationToken cancellationToken)
    {
        if (Refusal(task.Resources) is { } refusal)
            throw new ComputeFailedException(refusal);
        var name = ContainerGroupLabels.NameOf(options.NamePrefix, task.Id);
        if (await AdoptAsync(name, task.Id, cancellationToken))
            return true;
        try
        {
            await _groups.CreateOrUpdateAsync(WaitUntil.Started, name, Describe(task), cancellationToken);
        }
        catch (RequestFailedException error) when (ContainerInstanceErrors.IsTransitioning(error))
        {
            // Another host is making it at this moment. If not, it is being deleted, and then this passes.
            if (!await AdoptAsync(name, task.Id, cancellationToken))
                throw;
        }
        catch (RequestFailedException error) when (ContainerInstanceErrors.IsFinal(error))
        {
            throw new ComputeFailedException(ContainerInstanceErrors.MessageOf(error));
        }

        return true;
    }

    /// <inheritdoc/>
    public async Task<ComputeStatus> GetStatusAsync(ComputeId id, CancellationToken cancellationToken) =>
        await FindAsync(id, cancellationToken) is { } group
            ? ContainerGroupStatus.Of(group.Data, clock.GetUtcNow())
            : new ComputeStatus(ComputeState.Missing);

    /// <inheritdoc/>
    public async Task<string> ReadOutputAsync(ComputeId id, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is not { } group)
            return "";
        try
        {
            var logs = await group.GetContainerLogsAsync(ContainerName, OutputLines, timestamps: null, cancellationToken);
            return LastBytes(logs.Value.Content ?? "");
        }
        catch (RequestFailedException error) when (error.Status != 0)
        {
            // There are none before the container has started, and the service is known to refuse them under load: nothing depends on them.
            return "";
        }
    }

    /// <inheritdoc/>
    public async Task StopAsync(ComputeId id, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is not { } group)
            return;
        try
        {
            await group.StopAsync(cancellationToken);
        }
        catch (RequestFailedException error) when (error.Status == 404)
        {
            // Gone since.
        }
        catch (RequestFailedException error) when (ContainerInstanceErrors.IsTransitioning(error))
        {
            // A group that is being made cannot be stopped; it can be deleted, and it has no output to lose. If it runs, something ends it already.
            if (await GetStatusAsync(id, cancellationToken) is { State: ComputeState.Pending })
                await group.DeleteAsync(WaitUntil.Started, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(ComputeId id, CancellationToken cancellationToken)
    {
        var accepted = false;
        DateTimeOffset? until = null;
        while (await FindAsync(id, cancellationToken) is { } group)
        {
            // The service may have given up a deletion that it accepted; the next call asks for it again.
            until ??= clock.GetUtcNow() + options.DeleteLimit;
            if (clock.GetUtcNow() > until)
                throw new TimeoutException($"The container group '{group.Data.Name}' is still there {options.DeleteLimit.TotalSeconds} seconds after its deletion was asked for.");
            accepted = accepted || await TryDeleteAsync(group, cancellationToken);
            await Task.Delay(options.PollInterval, clock, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ComputeId> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var group in _groups.GetAllAsync(cancellationToken))
        {
            if (ContainerGroupLabels.IdOf(options.NamePrefix, group.Data.Name, group.Data.Tags) is { } id)
                yield return id;
        }
    }

    /// <summary>The last 64 KiB of a text as UTF-8, from the beginning of a character.</summary>
    internal static string LastBytes(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var start = Math.Max(0, bytes.Length - OutputBytes);
        while (start < bytes.Length && (bytes[start] & 0b1100_0000) == 0b1000_0000)
            start++;
        return Encoding.UTF8.GetString(bytes, start, bytes.Length - start);
    }

    // The service takes one decimal place.
    private static double RoundUp(double value) => (double)(Math.Ceiling((decimal)value * 10) / 10);

    private string? Refusal(ComputeResources resources)
    {
        if (resources.Gpu != 0)
            return "Container instances have no GPUs: the service retired them on 2025-07-14. Leave gpu out, or set it to 0.";
        if (resources.Image is { } image && image.Any(char.IsUpper))
            return $"The image '{image}' has upper-case letters, and container instances never start such an image. Write it in lower case.";
        if (resources.Image is { } named && !options.Allowed().Contains(named))
            return $"The image '{named}' is not allowed. Allowed: {string.Join(", ", options.Allowed())}.";
        return OutOfRange("cpu", resources.Cpu, options.MaxCpu) ?? OutOfRange("memoryGb", resources.MemoryGb, options.MaxMemoryGb);
    }

    private static string? OutOfRange(string name, double? value, double most) =>
        value is null || (value >= 0.1 && value <= most)
            ? null
            : FormattableString.Invariant($"{name} must be from 0.1 to {most} on container instances; got {value}.");

    // A group of the same name that is not the task's is none of ours: it is neither read nor touched.
    private async Task<ContainerGroupResource?> FindAsync(ComputeId id, CancellationToken cancellationToken)
    {
        var found = await _groups.GetIfExistsAsync(ContainerGroupLabels.NameOf(options.NamePrefix, id), cancellationToken);
        return found.HasValue && IsOf(found.Value!, id) ? found.Value : null;
    }

    /// <returns>False when something else happens to the group first: the next look tells.</returns>
    private async Task<bool> TryDeleteAsync(ContainerGroupResource group, CancellationToken cancellationToken)
    {
        if (ContainerGroupStatus.Of(group.Data, clock.GetUtcNow()).State == ComputeState.Running)
        {
            try
            {
                await group.StopAsync(cancellationToken);
            }
            catch (RequestFailedException error) when (error.Status is >= 400 and < 500)
            {
                // Stopping is a courtesy to the script; the deletion ends it as well.
            }
        }

        try
        {
            await group.DeleteAsync(WaitUntil.Started, cancellationToken);
            return true;
        }
        catch (RequestFailedException error) when (error.Status == 404 || ContainerInstanceErrors.IsTransitioning(error))
        {
            return false;
        }
    }

    private async Task<bool> AdoptAsync(string name, ComputeId id, CancellationToken cancellationToken)
    {
        var found = await _groups.GetIfExistsAsync(name, cancellationToken);
        if (!found.HasValue)
            return false;
        return IsOf(found.Value!, id)
            ? true
            : throw new ComputeFailedException($"There is a container group '{name}' that is not this job's. Remove it, or give Larder another name prefix.");
    }

    private bool IsOf(ContainerGroupResource group, ComputeId id) =>
        ContainerGroupLabels.IdOf(options.NamePrefix, group.Data.Name, group.Data.Tags) == id;

    private ContainerGroupData Describe(ComputeTask task)
    {
        var image = task.Resources.Image ?? options.Image;
        var container = new ContainerInstanceContainer(ContainerName)
        {
            Image = image,
            Resources = new ContainerResourceRequirements(new ContainerResourceRequestsContent(
                memoryInGB: RoundUp(task.Resources.MemoryGb ?? options.MemoryGb), cpu: RoundUp(task.Resources.Cpu ?? options.Cpu))),
        };
        foreach (var word in task.Command)
            container.Command.Add(word);
        foreach (var (name, value) in task.SecureEnvironment)
            container.EnvironmentVariables.Add(new ContainerEnvironmentVariable(name) { SecureValue = value });

        var group = new ContainerGroupData(new AzureLocation(options.Location), [container], ContainerInstanceOperatingSystemType.Linux)
        {
            RestartPolicy = ContainerGroupRestartPolicy.Never,
        };
        var startBy = clock.GetUtcNow() + options.StartLimit;
        foreach (var (name, value) in ContainerGroupLabels.TagsOf(task.Id, startBy, expiresAt: startBy + task.Timeout))
            group.Tags[name] = value;
        if (!string.IsNullOrEmpty(options.IdentityId))
        {
            group.Identity = new ManagedServiceIdentity(ManagedServiceIdentityType.UserAssigned);
            group.Identity.UserAssignedIdentities[new ResourceIdentifier(options.IdentityId)] = new UserAssignedIdentity();
        }

        if (!string.IsNullOrEmpty(options.RegistryServer) && image.StartsWith($"{options.RegistryServer}/", StringComparison.Ordinal))
            group.ImageRegistryCredentials.Add(new ContainerGroupImageRegistryCredential(options.RegistryServer) { Identity = options.IdentityId });
        if (!string.IsNullOrEmpty(options.SubnetId))
            group.SubnetIds.Add(new ContainerGroupSubnetId(new ResourceIdentifier(options.SubnetId)));
        return group;
    }
}

namespace Larder.Inference.Validation;

/// <summary>Too many models wait to be validated. It is not the file's fault: the caller should try again later.</summary>
/// <param name="isCallers">Whether they are this caller's own.</param>
public sealed class ValidatorBusyException(bool isCallers) : Exception(isCallers
    ? "Too many of your models are waiting to be validated; try again later."
    : "Too many models are being validated; try again later.")
{
    /// <summary>Whether they are this caller's own.</summary>
    public bool IsCallers => isCallers;
}

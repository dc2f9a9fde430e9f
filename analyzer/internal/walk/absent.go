package walk

import "errors"

// An AbsentError reports a layer that the image stores elsewhere: a foreign layer, such as the base of an image for Windows.
// errors.Is finds errors.ErrUnsupported in it.
type AbsentError struct {
	Err error // names the layer's digest and the places that the image names
}

func (e *AbsentError) Error() string        { return e.Err.Error() }
func (e *AbsentError) Unwrap() error        { return e.Err }
func (e *AbsentError) Is(target error) bool { return target == errors.ErrUnsupported }
